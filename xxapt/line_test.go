package xxapt

import (
	"slices"
	"strings"
	"testing"
)

// TestParseLine shows which words of a command line are packages. Each of them was given to apt 2.6 or 3.0, which
// takes them the same way.
func TestParseLine(t *testing.T) {
	for _, test := range []struct{ args, command, operands, settings string }{
		{"install a b", "install", "a b", ""},
		{"-y install -q a --no-install-recommends b", "install", "a b", "-q1"},
		{"install -t trixie a", "install", "a", "-t trixie"},
		{"install -ttrixie a", "install", "a", "-t trixie"},
		{"install -t=trixie a", "install", "a", "-t trixie"},
		{"install -yt trixie a", "install", "a", "-t trixie"},
		{"install -yttrixie a", "install", "a", "-t trixie"},
		{"install --target-release trixie a", "install", "a", "-t trixie"},
		{"install --Target-Release=trixie a", "install", "a", "-t trixie"},
		{"install --default-release trixie a", "install", "a", "-t trixie"},
		{"-o A=b install a -oC=d -o=E=f --option G=h", "install", "a", "-o A=b -o C=d -o E=f -o G=h"},
		{"-c /x install a --config-file=/y -c/z", "install", "a", "-c /x -c /y -c /z"},
		{"install -a arm64 a -P cross,nodoc b", "install", "a b", ""},
		{"install -aarm64 a --host-architecture arm64 b", "install", "a b", ""},
		{"show -a a", "show", "a", ""},
		{"-a list a", "list", "a", ""},
		{"install --with-source f.deb --solver 3.0 --planner internal --snapshot 2025 --comment why a", "install", "a", ""},
		{"install -S 2025 a", "install", "a", ""},
		{"install -q 2 a", "install", "a", "-q2"},
		{"install -q=2 a", "install", "a", "-q2"},
		{"install -q2 a", "install", "a", "-q2"},
		{"install -qq a", "install", "a", "-q2"},
		{"install -yqq a -q b", "install", "a b", "-q3"},
		{"install --quiet 1 a --silent b", "install", "a b", "-q2"},
		{"install --quiet=2 a", "install", "a", "-q2"},
		{"install -q a", "install", "a", "-q1"},
		{"install -y yes a", "install", "a", ""},
		{"install -y 1 a", "install", "a", ""},
		{"install -y 5 a", "install", "5 a", ""},
		{"install -y=no a", "install", "a", ""},
		{"install -yno a", "install", "a", ""},
		{"install --install-recommends no a", "install", "a", ""},
		{"install --install-recommends=no a", "install", "a", ""},
		{"install --no-install-recommends a", "install", "a", ""},
		{"install - a", "install", "a", ""},
		{"install -y -- -t a", "install", "-t a", ""},
		{"-- install a", "install", "a", ""},
		{"-t trixie", "", "", "-t trixie"},
		{"install -t -y a", "install", "a", "-t"},
		{"install -z a", "install", "a", ""},
		{"install a -h", "install", "a", "help"},
		{"--version", "", "", "help"},
		{"", "", "", ""},
	} {
		l := parseLine(strings.Fields(test.args))
		var operands []string
		for _, i := range l.operands {
			operands = append(operands, l.args[i])
		}
		settings := append(slices.Clone(l.settings), l.release...)
		if l.quiet > 0 {
			settings = append(settings, "-q"+string(rune('0'+l.quiet)))
		}
		if l.help {
			settings = append(settings, "help")
		}
		got := []string{l.command, strings.Join(operands, " "), strings.TrimSpace(strings.Join(settings, " "))}
		if want := []string{test.command, test.operands, test.settings}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", test.args, got, want)
		}
	}
}
