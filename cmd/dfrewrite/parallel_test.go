package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestInParallelIsBounded holds the first file back while others are ready: they
// come in order, and only so many are worked on before it is there.
func TestInParallelIsBounded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // also on a machine with one processor, or with many
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprint(i))
	}
	var started atomic.Int32
	most := int32(0)
	var got []string
	inParallel(files, func(f string) (string, error) {
		n := started.Add(1)
		if f == "0" {
			for n < 2 { // however slow the machine is
				time.Sleep(time.Millisecond)
				n = started.Load()
			}
			time.Sleep(100 * time.Millisecond)
			most = started.Load()
		}
		if f == "7" {
			return "", errors.New("seven")
		}
		return f, nil
	}, func(f, v string, err error) {
		if (err != nil) != (f == "7") || err == nil && v != f {
			t.Errorf("%s: %q, %v", f, v, err)
		}
		got = append(got, f)
	})
	if fmt.Sprint(got) != fmt.Sprint(files) {
		t.Errorf("out of order: %v", got)
	}
	if most < 2 || most > 2*ahead+2 {
		t.Errorf("%d files were begun while the first was waited for", most)
	}
}
