// Go-server answers every request with the platform that it was built for.
//
// It listens on $ADDR, or on :8080.
package main

import (
	"cmp"
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

func main() {
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, platform())
	})
	addr := cmp.Or(os.Getenv("ADDR"), ":8080")
	log.Printf("%s: listening on %s", platform(), addr)
	log.Fatal(http.ListenAndServe(addr, nil))
}

// platform is the platform as container images call it: linux/arm64, linux/arm/v6.
func platform() string {
	p := runtime.GOOS + "/" + runtime.GOARCH
	if info, ok := debug.ReadBuildInfo(); ok && runtime.GOARCH == "arm" {
		for _, s := range info.Settings {
			if s.Key == "GOARM" {
				version, _, _ := strings.Cut(s.Value, ",") // 6,softfloat
				p += "/v" + version
			}
		}
	}
	return p
}
