package report

import (
	"fmt"
	"testing"

	"xxkit/dfrewrite"
)

func TestKindOf(t *testing.T) {
	for _, tt := range []struct{ reason, want string }{
		{"what make runs is not in this file", "what make runs is not in this file"},
		{"runs ./build.sh; what is in it is not known", "runs …; what is in it is not known"},
		{"no recipe knows what frobnicate does", "no recipe knows what frobnicate does"},
		{`"dev" is not used by another stage, so it may be an image that is shipped`, "… is not used by another stage, so it may be an image that is shipped"},
		{"stage 12 is what is shipped, and must stay", "stage … is what is shipped, and must stay"},
		{"takes /usr/bin/git, which comes from the base image", "takes …, which comes from the base image"},
		{"mounts files of bufbuild/buf:1.50, which are the target platform's", "mounts files of …, which are the target platform's"},
		{"GOARCH is $(uname -m), set in front of the command", "GOARCH is …, set in front of the command"},
		{"GOARCH is set to $ARCH by ENV", "GOARCH is set to … by ENV"},
		{"GOARCH is set to a${ARCH}b by ENV", "GOARCH is set to … by ENV"},
	} {
		if got := kindOf(tt.reason); got != tt.want {
			t.Errorf("%s\nis of the kind %s\nwant           %s", tt.reason, got, tt.want)
		}
	}
}

// TestSummaryOfManyReasons has more kinds of reasons than are written out.
func TestSummaryOfManyReasons(t *testing.T) {
	var s Summary
	for i := range 8 {
		for range 8 - i {
			src := []byte(fmt.Sprintf("FROM golang:1.26-alpine AS build\nRUN tool%d\nRUN go build -o /app\nFROM scratch\nCOPY --from=build /app /\n", i))
			r, err := dfrewrite.Rewrite("Dockerfile", src, dfrewrite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.Add(src, r)
		}
	}
	const want = "36 files: 36 refused (8 × no recipe knows what tool0 does; 7 × no recipe knows what tool1 does; 6 × no recipe knows what tool2 does; " +
		"5 × no recipe knows what tool3 does; 4 × no recipe knows what tool4 does; 6 × something else)"
	if got := s.Line(true); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
