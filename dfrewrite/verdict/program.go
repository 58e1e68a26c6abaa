package verdict

// A Program is a command that may build programs which nothing is known of, for the machine that it runs on.
type Program struct {
	Text string // the command
	Way  string // what to do about it; empty if there is nothing better than to build in another stage
	Call *Call
}
