package main

import "runtime"

// ahead is how many results for each processor may wait for a slow file before
// them. It bounds the memory, however many files there are.
const ahead = 3

// inParallel does the files with all processors, and hands the results on in
// order.
func inParallel[F, T any](files []F, work func(F) (T, error), done func(F, T, error)) {
	if len(files) == 1 { // which goroutines would only keep waiting
		v, err := work(files[0])
		done(files[0], v, err)
		return
	}
	type result struct {
		value T
		err   error
	}
	procs := runtime.GOMAXPROCS(0)
	working := make(chan struct{}, procs)
	waiting := make(chan chan result, procs*ahead) // results, in the order of the files
	go func() {
		defer close(waiting)
		for _, f := range files {
			r := make(chan result, 1)
			waiting <- r
			working <- struct{}{}
			go func() {
				v, err := work(f)
				<-working
				r <- result{v, err}
			}()
		}
	}()
	for _, f := range files {
		r := <-<-waiting
		done(f, r.value, r.err)
	}
}
