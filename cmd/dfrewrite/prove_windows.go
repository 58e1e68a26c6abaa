package main

import "errors"

// prove is not there on Windows: what reads images shares its code with the helpers, which are for other systems.
func (p *program) prove([]string) (int, error) {
	return 0, &trouble{errors.New("prove does not run on Windows"), "run it in WSL, or in CI on Linux"}
}
