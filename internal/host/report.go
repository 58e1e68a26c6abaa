//go:build unix

package host

import (
	"errors"
	"fmt"
)

// Error is a failure that knows what its user can do about it.
type Error struct {
	// Message says what went wrong.
	Message string

	// Hint says what to do, if there is something to do.
	Hint string

	// Status is the exit status; 0 stands for 1.
	Status int
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// WrongCall returns the error for a command line that cannot be understood, whose
// exit status is 2.
func WrongCall(hint, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), Hint: hint, Status: 2}
}

// ExitStatus is the error of a command that ran and failed, and that has said
// itself what is wrong. A command that a signal ended has 128 and the signal's
// number, as in a shell.
type ExitStatus int

// Error names the status.
func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Report prints an error to standard error, with its hint if it has one, and returns
// the status to exit with: 0 for nil.
func (h *Host) Report(err error) int {
	var status ExitStatus
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintf(h.Stderr, "%s: %v\n", h.Name, err)
	if errors.As(err, &e) {
		if e.Hint != "" {
			fmt.Fprintf(h.Stderr, "hint: %s\n", e.Hint)
		}
		if e.Status != 0 {
			return e.Status
		}
	}
	return 1
}
