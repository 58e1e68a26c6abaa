package magefile

import (
	"strings"
	"testing"
	"time"
)

func TestMagefilesThatMeanNoGood(t *testing.T) {
	doubled := "const a0 = \"" + strings.Repeat("x", 100) + "\"\n"
	for i := 1; i < 60; i++ {
		doubled += "const a" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + " = " + strings.Repeat("a"+prior(i)+"+", 3) + "a" + prior(i) + "\n"
	}
	for _, tt := range []struct{ name, src, want string }{
		{"no receiver", "func () Build() {}\nfunc Other() {}", "has no target build"},
		{"no parameter for sh.Run", "func Build() { sh.Run() }", "what sh.Run runs cannot be seen"},
		{"no program behind the environment", "func Build() { sh.RunWith(nil) }", "what sh.RunWith runs cannot be seen"},
		{"a function that calls itself", "func Build() { Build() }", ""},
		{"functions that call each other twice", "func Build() { a(1); a(2) }\nfunc a(n int) { b(n); b(n+1) }\nfunc b(n int) { a(n); a(n+1) }", "a calls itself"},
		{"a constant of itself", "const c = c + \"x\"\nfunc Build() { sh.Run(c) }", "which program it runs cannot be seen"},
		{"constants that double each other", doubled + "func Build() { sh.Run(\"go\", a59) }", "put together of more than is followed"},
		{"a list of itself", "var l = append(l, l...)\nfunc Build() { sh.Run(\"go\", l...) }", ""},
		{"a map of itself", "func e() map[string]string { return e() }\nfunc Build() { sh.RunWith(e(), \"go\", \"build\") }", "which variables sh.RunWith sets cannot be seen"},
		{"a package under another name", "func Build() { yaml.Unmarshal(nil, nil) }", "what yaml.Unmarshal does is not followed"},
		{"a command that is made and lost", "func Build() { use(sh.RunCmd(\"go\", \"build\")) }\nfunc use(any) {}", "where what sh.RunCmd makes is called cannot be seen"},
		{"a method of the same name", "type B struct{}\nfunc (B) Run() { sh.Run(x) }\nfunc Build(b B) { b.Run() }\nvar x string", "which program it runs cannot be seen"},
		{"a name in a scope that has ended", "func Build() { { sh := 1; _ = sh }; sh.Run(x) }\nvar x string", "which program it runs cannot be seen"},
		{"a function under its own name", "func Build() { run := run(); _ = run }\nfunc run() int { sh.Run(x); return 1 }\nvar x string", "which program it runs cannot be seen"},
		{"a function in a variable", "var f = func() { sh.Run(x) }\nfunc Build() { f() }\nvar x string", "which program it runs cannot be seen"},
		{"another's process", "func Build() { p, _ := os.StartProcess(\"go\", nil, nil); _ = p }", "what os.StartProcess does is not followed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			src := "//go:build mage\n\npackage main\n\nimport (\n\"os\"\n\"github.com/magefile/mage/sh\"\n\"gopkg.in/yaml.v3\"\n)\n\n" + tt.src + "\n"
			run, err := newMageRun([]magefile{{"magefile.go", []byte(src)}}, func(string) bool { return false })
			if err == nil {
				_, err = run.targets([]string{"build"})
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// prior is the number of the constant before the i-th, as it stands in its name.
func prior(i int) string {
	if i == 1 {
		return "0"
	}
	return string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
}
