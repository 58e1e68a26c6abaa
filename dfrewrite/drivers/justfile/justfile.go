// Package justfile is the driver of just, which runs the recipes of a justfile.
package justfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of just.
var Recipe = &verdict.Recipe{Name: "just", Page: "just", Judge: judge, Programs: match.Words("just")}

// judge looks into the justfile of the build context, as judgeMake does into the Makefile.
func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "just" {
		return verdict.Step{}, false
	}
	return drivers.JudgeFile(c, "justfile", justTells, func() (drivers.Build, error) {
		run, err := newRun(c)
		if err == nil {
			err = run.all()
			c.Stage.Graph.Budget.Steps(run.work)
		}
		if err != nil {
			return drivers.Build{}, err
		}
		return drivers.Build{File: "justfile", Lines: run.lines, Exports: run.exports, Review: run.review}, nil
	})
}

// justTells are options with which nothing is run.
var justTells = match.Words("--version -V --help -h --list -l --summary --show --dump --evaluate --variables")

// A justfile is what can be read of one without running it. What is not followed is an error where it says something
// about the whole file, and kept with the recipe or the expression where it says something about that alone.
// (The Just Programmer's Manual, https://just.systems/man/en/, and the grammar of just's repository.)
type justfile struct {
	source  []string // its lines
	vars    map[string]justVar
	order   []string // the names of vars
	recipes map[string]*justRecipe
	aliases map[string]string
	first   string // the default recipe
	// exportAll and dotenv are what `set export` and `set dotenv-load` say.
	exportAll, dotenv bool
}

type justVar struct {
	expr   []justToken
	export bool
	line   int
}

type justRecipe struct {
	params       []justParam
	before, then []string // the recipes that it depends on, and those that follow it
	body         []justLine
	opaque       string // why it cannot be followed, or empty
}

type justParam struct {
	name     string
	value    []justToken // by default; nil if it has to be given
	line     int
	withMore bool // takes many arguments, or is exported
}

type justLine struct {
	text string
	line int
}

// A justToken is a part of an expression.
type justToken struct {
	kind byte // n: a name; s: a string; b: a command in backticks; x: a string that is more than its text; or the character itself
	text string
}

// justUnseen is the error about something on a line of the justfile.
func justUnseen(what string, line int) error {
	return fmt.Errorf("its justfile has `%s` on line %d, which is not followed", shell.Shorten(what), line)
}

var justWord = match.Pattern(`^[A-Za-z_][A-Za-z0-9_-]*`)

// lexJust takes text apart up to the end, or to }} if it stands in a recipe. It returns how much it took; ok is false
// if something in it is not known or stays open.
func lexJust(text string, inRecipe bool) (tokens []justToken, taken int, ok bool) {
	depth := 0
	for i := 0; i < len(text); {
		rest := text[i:]
		switch ch := rest[0]; {
		case inRecipe && depth == 0 && strings.HasPrefix(rest, "}}"):
			return tokens, i + 2, true
		case ch == ' ' || ch == '\t':
			i++
		case ch == '#' && !inRecipe:
			return tokens, len(text), depth == 0
		case ch == '\'' || ch == '"' || ch == '`':
			token, n := lexJustString(rest)
			if n == 0 {
				return nil, 0, false
			}
			if last := len(tokens) - 1; last >= 0 && tokens[last].kind == 'n' && i > 0 && text[i-1] != ' ' && text[i-1] != '\t' {
				tokens[last] = justToken{'x', tokens[last].text + token.text} // x'…' and f'…'
			} else {
				tokens = append(tokens, token)
			}
			i += n
		case justWord().MatchString(rest):
			word := justWord().FindString(rest)
			tokens = append(tokens, justToken{'n', word})
			i += len(word)
		case strings.HasPrefix(rest, ":="):
			tokens = append(tokens, justToken{'=', ":="})
			i += 2
		case strings.IndexByte("+/(){}[],=!:~&|*$@?<>", ch) >= 0:
			if strings.IndexByte("({[", ch) >= 0 {
				depth++
			}
			if strings.IndexByte(")}]", ch) >= 0 {
				if depth--; depth < 0 {
					return nil, 0, false
				}
			}
			tokens = append(tokens, justToken{ch, rest[:1]})
			i++
		default:
			return nil, 0, false
		}
	}
	return tokens, len(text), depth == 0 && !inRecipe
}

// lexJustString reads a string or a command in backticks on one line; n is 0 where it does not end.
func lexJustString(s string) (token justToken, n int) {
	quote := s[0]
	if triple := s[:1] + s[:1] + s[:1]; strings.HasPrefix(s, triple) {
		end := strings.Index(s[3:], triple)
		if end < 0 {
			return justToken{}, 0
		}
		return justToken{'x', s[:end+6]}, end + 6
	}
	kind := byte('s')
	if quote == '`' {
		kind = 'b'
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			if kind != 'x' {
				return justToken{kind, b.String()}, i + 1
			}
			return justToken{kind, s[:i+1]}, i + 1
		case quote == '"' && s[i] == '\\' && i+1 < len(s):
			if i++; s[i] != '"' && s[i] != '\\' {
				kind = 'x' // a tab, a line break, a character by its number
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return justToken{}, 0
}

func parseJustfile(text string) (*justfile, error) {
	j := &justfile{vars: map[string]justVar{}, recipes: map[string]*justRecipe{}, aliases: map[string]string{}}
	var current *justRecipe
	continued := false
	var err error
	attribute := "" // one that is not followed, above a recipe
	byDefault := false
	absent := false // one for other systems
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		j.source = append(j.source, line)
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if continued {
			last := &current.body[len(current.body)-1]
			last.text = strings.TrimSuffix(last.text, `\`) + strings.TrimLeft(line, " \t")
			continued = strings.HasSuffix(line, `\`)
			continue
		}
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case line[0] == ' ' || line[0] == '\t':
			if current == nil {
				return nil, justUnseen(line, number)
			}
			current.body = append(current.body, justLine{strings.TrimLeft(line, " \t"), number})
			continued = strings.HasSuffix(line, `\`)
			continue
		}
		current = nil
		tokens, _, ok := lexJust(line, false)
		if !ok {
			return nil, justUnseen(line, number)
		}
		if len(tokens) == 0 {
			continue
		}
		if tokens[0].kind == '[' {
			switch strange, elsewhere := attributesOf(tokens); {
			case strange:
				attribute = justUnseen(line, number).Error()
				byDefault = byDefault || slices.ContainsFunc(tokens, func(t justToken) bool { return t.text == "default" })
			case elsewhere:
				absent = true
			}
			continue
		}
		var recipe *justRecipe
		if absent {
			if recipe, _ = justHeader(tokens); recipe == nil {
				return nil, justUnseen(line, number)
			}
		} else if recipe, err = j.item(tokens, line, number); err != nil {
			return nil, err
		}
		if recipe != nil {
			if current = recipe; attribute != "" {
				recipe.opaque = attribute
			}
		}
		if byDefault {
			_, j.first = justHeader(tokens)
		}
		attribute, absent, byDefault = "", false, false
	}
	return j, nil
}

// harmlessAttributes say nothing about how a recipe runs on Linux, and where one of otherSystems stands alone the recipe
// is not there.
var (
	harmlessAttributes = match.Words("group doc private linux unix")
	otherSystems       = match.Words("macos windows openbsd freebsd netbsd dragonfly android")
)

// attributesOf reports whether there are attributes that may say how a recipe runs, and whether they are for other systems
// than Linux alone.
func attributesOf(tokens []justToken) (strange, elsewhere bool) {
	depth, here := 0, false
	for i, t := range tokens {
		switch t.kind {
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		}
		if t.kind != 'n' || depth != 1 || tokens[i-1].kind != '[' && tokens[i-1].kind != ',' {
			continue
		}
		here = here || t.text == "linux" || t.text == "unix"
		elsewhere = elsewhere || otherSystems[t.text]
		strange = strange || !harmlessAttributes[t.text] && !otherSystems[t.text]
	}
	return strange, elsewhere && !here
}

// item reads an assignment, a setting, an alias or the first line of a recipe, which it returns.
func (j *justfile) item(tokens []justToken, line string, number int) (*justRecipe, error) {
	kinds := ""
	for _, t := range tokens {
		kinds += string(t.kind)
	}
	first := tokens[0].text
	assigns := func(at int) bool { return len(tokens) > at && tokens[at].text == ":=" && tokens[at].kind == '=' }
	switch {
	case strings.HasPrefix(kinds, "n") && assigns(1):
		return nil, j.assign(first, tokens[2:], false, number)
	case first == "export" && strings.HasPrefix(kinds, "nn") && assigns(2):
		return nil, j.assign(tokens[1].text, tokens[3:], true, number)
	case first == "alias" && kinds == "nn=n":
		j.aliases[tokens[1].text] = tokens[3].text
		return nil, nil
	case first == "set" && (kinds == "nn" || strings.HasPrefix(kinds, "nn") && assigns(2)):
		if !j.setting(tokens) {
			return nil, justUnseen(line, number)
		}
		return nil, nil
	}
	recipe, name := justHeader(tokens)
	if recipe == nil || j.recipes[name] != nil {
		return nil, justUnseen(line, number)
	}
	if recipe.opaque != "" {
		recipe.opaque = justUnseen(line, number).Error()
	}
	for i := range recipe.params {
		recipe.params[i].line = number
	}
	if j.recipes[name] = recipe; j.first == "" {
		j.first = name
	}
	return recipe, nil
}

func (j *justfile) assign(name string, expr []justToken, export bool, line int) error {
	if _, ok := j.vars[name]; ok {
		return justUnseen(name+" :=", line)
	}
	j.vars[name] = justVar{expr, export, line}
	j.order = append(j.order, name)
	return nil
}

// harmlessSettings do not change what a line does.
var harmlessSettings = match.Words("quiet ignore-comments fallback unstable windows-shell windows-powershell tempdir no-exit-message script-interpreter")

// setting reads `set name := value`, and reports whether it is known what that does.
func (j *justfile) setting(tokens []justToken) bool {
	on := len(tokens) == 2 || len(tokens) == 4 && tokens[3].text == "true"
	off := len(tokens) == 4 && tokens[3].kind == 'n' && tokens[3].text == "false"
	switch name := tokens[1].text; {
	case harmlessSettings[name] || off:
		return true
	case name == "export" && on:
		j.exportAll = true
		return true
	case name == "dotenv-load" && on:
		j.dotenv = true
		return true
	case name == "shell" && len(tokens) > 4:
		var words []string
		for _, t := range tokens[4:] {
			if t.kind == 's' {
				words = append(words, t.text)
			}
		}
		return justShell().MatchString(strings.Join(words, " "))
	}
	return false
}

// justShell matches shells that run a line as it stands.
var justShell = match.Pattern(`^(/usr)?(/bin/)?(ba)?sh( -[euxo]+| pipefail)* -[eux]*c[eux]*$`)

// justHeader reads `@name parameter='default': before && then`.
func justHeader(tokens []justToken) (*justRecipe, string) {
	r := &justRecipe{}
	if tokens[0].kind == '@' {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 || tokens[0].kind != 'n' {
		return nil, ""
	}
	name, i := tokens[0].text, 1
	for i < len(tokens) && tokens[i].kind != ':' {
		var p justParam
		for ; i < len(tokens) && strings.IndexByte("$*+", tokens[i].kind) >= 0; i++ {
			p.withMore = true
		}
		if i == len(tokens) || tokens[i].kind != 'n' {
			return nil, ""
		}
		p.name = tokens[i].text
		if i++; i+1 < len(tokens) && tokens[i].text == "=" {
			i++
			end := i + 1
			if tokens[i].kind == '(' {
				for depth := 1; end < len(tokens) && depth > 0; end++ {
					switch tokens[end].kind {
					case '(':
						depth++
					case ')':
						depth--
					}
				}
			}
			p.value, i = tokens[i:end], end
		}
		r.params = append(r.params, p)
	}
	if i == len(tokens) {
		return nil, ""
	}
	to := &r.before
	for i++; i < len(tokens); i++ {
		switch {
		case tokens[i].kind == 'n':
			*to = append(*to, tokens[i].text)
		case tokens[i].kind == '&' && i+1 < len(tokens) && tokens[i+1].kind == '&' && to == &r.before:
			to = &r.then
			i++
		default: // a recipe of a module, or one with arguments
			r.opaque = tokens[i].text
		}
	}
	return r, name
}

// A justRun is one run of just: recipes, and what the command line and the environment set.
type justRun struct {
	*justfile
	command map[string]string // NAME=value arguments
	env     func(string) (text string, state drivers.EnvState)
	dir     string     // of the justfile
	goals   [][]string // each with the arguments behind it

	values  map[string]string // of vars, once they are known
	exports map[string]facts.Setting
	review  string             // what has to be read, if anything
	front   string             // goes to the folder of the justfile
	shown   []drivers.Exported // what its lines find in the environment
	done    map[string]bool
	lines   []verdict.Line // what the shell gets to run, one call of it each
	work    int
	file    string // its path in the context
}

// Limits on recipes and variables: how many are looked at, how long a text may become, and how deep they refer to each
// other. just itself refuses circles, but a few that double each other are more than there is time for.
const (
	maxJustWork  = 20000
	maxJustText  = 1 << 16
	maxJustDepth = 50
)

// newRun reads the command line and the justfile.
func newRun(c *verdict.Call) (*justRun, error) {
	r := &justRun{command: map[string]string{}, values: map[string]string{}, exports: map[string]facts.Setting{}, done: map[string]bool{}}
	file, dir, words := "", "", []string(nil)
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		argument := len(words) > 0 && variableOnly().MatchString(w.Raw)
		if !w.Const && !graph.IsAssignment(w) && !argument {
			return nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		}
		text := w.Lit
		switch {
		case argument:
			text = strings.Trim(w.Raw, `"`)
		case !w.Const:
			name, value, _ := strings.Cut(w.Raw, "=")
			text = name + "=" + strings.Trim(value, `"`)
		}
		name, value, glued := strings.Cut(text, "=")
		next := func() bool {
			if glued {
				return true
			}
			if i++; i < len(c.Args) && c.Args[i].Const {
				value = c.Args[i].Lit
				return true
			}
			return false
		}
		switch {
		case len(words) > 0 || !strings.HasPrefix(text, "-"):
			if len(words) == 0 && glued {
				r.command[name] = value
				continue
			}
			words = append(words, text)
		case name == "-f" || name == "--justfile":
			if !next() {
				return nil, fmt.Errorf("which file %s names cannot be seen", text)
			}
			file = value
		case name == "-d" || name == "--working-directory":
			if !next() {
				return nil, fmt.Errorf("which folder %s names cannot be seen", text)
			}
			dir = value
		case text == "--set":
			if !next() || i+1 >= len(c.Args) {
				return nil, fmt.Errorf("what %s sets cannot be seen", text)
			}
			i++
			if r.command[value] = c.Args[i].Lit; !c.Args[i].Const {
				r.command[value] = strings.Trim(c.Args[i].Raw, `"`)
			}
		case justQuiet[text]:
		default:
			return nil, fmt.Errorf("what %s changes is not followed", w.Raw)
		}
	}
	for _, name := range []string{"JUST_JUSTFILE", "JUST_WORKING_DIRECTORY", "JUST_DOTENV_PATH", "JUST_DOTENV_FILENAME"} {
		if facts.Lookup(&c.Site, name).Set {
			return nil, fmt.Errorf("what %s changes is not followed", name)
		}
	}
	if err := readJustfile(c, r, file, dir); err != nil {
		return nil, err
	}
	r.env = func(name string) (string, drivers.EnvState) { return drivers.Env(c, name) }
	for name := range r.command {
		if _, ok := r.vars[name]; !ok {
			return nil, fmt.Errorf("its justfile does not set %s", name)
		}
	}
	return r, r.readGoals(words)
}

// variableOnly matches a word that is what a variable holds.
var variableOnly = match.Pattern(`^("\$\{?[A-Za-z_][A-Za-z0-9_]*\}?"|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?)$`)

// justQuiet are options that only change what is printed.
var justQuiet = match.Words("-q --quiet -v --verbose -vv --yes --unstable --timestamp --no-highlight")

// readJustfile finds the justfile and reads it.
func readJustfile(c *verdict.Call, r *justRun, file, dir string) error {
	names := []string{"justfile", "Justfile", "JUSTFILE", ".justfile"}
	at, ok := c.ContextFolder(names...)
	if !ok {
		return drivers.ErrNoFile
	}
	where := "."
	if file != "" {
		if path.IsAbs(file) || !fs.ValidPath(path.Clean(file)) {
			return fmt.Errorf("%s is not below the folder that it runs in", file)
		}
		where, names = path.Dir(path.Clean(file)), []string{path.Base(file)}
	}
	// just runs in the folder of the file, unless it is told another one.
	if dir != "" && path.Clean(dir) != where {
		return fmt.Errorf("what -d %s changes is not followed", dir)
	}
	if r.dir = path.Join(c.Dir, where); r.dir != path.Clean(c.Dir) {
		r.front = "cd " + where + " && "
	}
	if slices.ContainsFunc(names, func(name string) bool { return c.ChangedBefore(name) }) {
		return errors.New("a command of the stage has changed the justfile")
	}
	text, found := "", ""
	for _, name := range names {
		name = path.Join(at, where, name)
		data := c.Opt.Context.ReadFile(name)
		if data == nil || c.Opt.Context.Ignored(context.ContextPath(name)) {
			continue
		}
		if found != "" {
			return fmt.Errorf("there is a %s beside the %s", path.Base(name), found)
		}
		text, found = string(data), path.Base(name)
	}
	if found == "" {
		return drivers.ErrNoFile
	}
	j, err := parseJustfile(text)
	if err != nil {
		return err
	}
	if name := path.Join(at, where, ".env"); j.dotenv && c.Opt.Context.Has(name) && !c.Opt.Context.Ignored(context.ContextPath(name)) {
		return errors.New("its justfile loads .env, which is not followed")
	}
	r.justfile, r.file = j, path.Join(at, where, found)
	return nil
}

// readGoals tells recipes on the command line from their arguments: a recipe takes as many words as it has parameters.
func (r *justRun) readGoals(words []string) error {
	if len(words) == 0 {
		if r.first == "" {
			return errors.New("its justfile has no recipe")
		}
		words = []string{r.first}
	}
	for len(words) > 0 {
		_, recipe, err := r.recipe(words[0])
		if err != nil {
			return err
		}
		n := 1 + min(len(recipe.params), len(words)-1)
		r.goals = append(r.goals, words[:n])
		words = words[n:]
	}
	return nil
}

func (r *justRun) recipe(name string) (string, *justRecipe, error) {
	if to, ok := r.aliases[name]; ok {
		name = to
	}
	recipe := r.recipes[name]
	if recipe == nil {
		return "", nil, fmt.Errorf("its justfile has no recipe %s", name)
	}
	return name, recipe, nil
}

// all collects the lines of all goals, or says why they are not known.
func (r *justRun) all() error {
	for _, name := range r.order {
		v := r.vars[name]
		if _, ok := r.command[name]; ok {
			continue
		}
		// Commands of variables that nobody uses run, too.
		for _, t := range v.expr {
			switch {
			case t.kind == 'b' && !strings.Contains(drivers.FromShell(t.text), drivers.ShellBegins):
			case t.kind == 'b':
				r.lines = append(r.lines, verdict.Line{Text: r.front + t.text, At: verdict.Where{File: r.file, Line: v.line}})
			case t.kind == 'x' && t.text[0] == '`':
				return justUnseen(t.text, v.line)
			}
		}
	}
	for _, name := range r.order {
		v := r.vars[name]
		if !v.export && !r.exportAll {
			continue
		}
		text, err := r.variable(name, 0)
		switch {
		case err != nil:
			return err
		case slices.Contains(drivers.GoTarget, name) && !(facts.Setting{Set: true, Text: text}).Follows():
			return fmt.Errorf("its justfile exports %s on line %d, whatever the environment says", name, v.line)
		case drivers.SteersGo(name):
			return fmt.Errorf("its justfile exports %s on line %d", name, v.line)
		}
		r.exports[name] = facts.Setting{Set: true, Text: drivers.ShellLine(text), Fixed: !strings.ContainsAny(text, "$"+drivers.ShellBegins)}
		if name == "CGO_ENABLED" || name == "CC" || slices.Contains(drivers.GoTarget, name) {
			continue // they are looked at in r.exports, or say what they did before
		}
		shown, err := drivers.ExportOf(name, text)
		if err != nil {
			return fmt.Errorf("its justfile exports what is not known on line %d: %w", v.line, err)
		}
		r.shown = append(r.shown, shown)
	}
	for _, goal := range r.goals {
		if err := r.run(goal[0], goal[1:], 0); err != nil {
			return err
		}
	}
	return nil
}

// run collects the shell lines of a recipe and of all that it needs.
func (r *justRun) run(name string, args []string, depth int) error {
	name, recipe, err := r.recipe(name)
	if err != nil {
		return err
	}
	if r.work++; depth > maxJustDepth || r.work > maxJustWork {
		return fmt.Errorf("its justfile has recipes without end: %s", name)
	}
	if r.done[name] && len(args) == 0 {
		return nil
	}
	r.done[name] = len(args) == 0
	if recipe.opaque != "" {
		return errors.New(recipe.opaque)
	}
	local := map[string]string{}
	for i, p := range recipe.params {
		switch {
		case p.withMore || p.value == nil:
			return fmt.Errorf("its justfile gives %s on line %d the parameter %s, which is not followed", name, p.line, p.name)
		case i < len(args):
			local[p.name] = args[i]
		default:
			if local[p.name], err = r.eval(p.value, local, p.line, 0); err != nil {
				return err
			}
		}
	}
	for _, need := range recipe.before {
		if err := r.run(need, nil, depth+1); err != nil {
			return err
		}
	}
	for i, line := range recipe.body {
		if i == 0 && strings.HasPrefix(line.text, "#!") {
			return fmt.Errorf("its justfile has a script in %s on line %d, which is not followed", name, line.line)
		}
		line.text = strings.TrimLeft(strings.TrimLeft(line.text, "@-"), " \t")
		if line.text == "" || strings.HasPrefix(line.text, "#") {
			continue
		}
		text, err := r.fill(line, local)
		if err != nil {
			return err
		}
		if r.work += 10 + len(text)/256; r.work > maxJustWork {
			return fmt.Errorf("its justfile runs too much in %s", name)
		}
		r.lines = append(r.lines, verdict.Line{Text: drivers.ShellLine(r.front + drivers.Exporting(r.shown, text) + text), At: verdict.Where{File: r.file, Line: line.line}})
	}
	for _, next := range recipe.then {
		// They run in any case, also if they did before.
		_, followed, err := r.recipe(next)
		if err != nil {
			return err
		}
		for name, other := range r.recipes {
			if other == followed {
				delete(r.done, name)
			}
		}
		if err := r.run(next, nil, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// fill puts what stands between {{ and }} into a line of a recipe.
func (r *justRun) fill(line justLine, local map[string]string) (string, error) {
	var b strings.Builder
	text := line.text
	for {
		at := strings.Index(text, "{{")
		if at < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		b.WriteString(text[:at])
		if strings.HasPrefix(text[at:], "{{{{") {
			b.WriteString("{{")
			text = text[at+4:]
			continue
		}
		tokens, taken, ok := lexJust(text[at+2:], true)
		if !ok {
			return "", justUnseen(text[at:], line.line)
		}
		filled, err := r.eval(tokens, local, line.line, 0)
		if err != nil {
			return "", err
		}
		b.WriteString(filled)
		if b.Len() > maxJustText {
			return "", fmt.Errorf("its justfile has too long a line, %d", line.line)
		}
		text = text[at+2+taken:]
	}
}

func (r *justRun) variable(name string, depth int) (string, error) {
	if v, ok := r.command[name]; ok {
		return v, nil
	}
	if v, ok := r.values[name]; ok {
		return v, nil
	}
	v, ok := r.vars[name]
	if !ok {
		return "", fmt.Errorf("its justfile does not set %s", name)
	}
	text, err := r.eval(v.expr, nil, v.line, depth+1)
	if err == nil {
		r.values[name] = text
	}
	return text, err
}

// eval works an expression out: strings, variables, commands and what the environment holds, put together with + and /.
func (r *justRun) eval(expr []justToken, local map[string]string, line, depth int) (string, error) {
	if r.work++; depth > maxJustDepth || r.work > maxJustWork {
		return "", fmt.Errorf("its justfile has a variable without end on line %d", line)
	}
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		text, n, err := r.term(expr[i:], local, line, depth)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		if b.Len() > maxJustText {
			return "", fmt.Errorf("its justfile has too long a value on line %d", line)
		}
		if i += n; i == len(expr) {
			return b.String(), nil
		}
		switch expr[i].kind {
		case '+':
		case '/':
			b.WriteByte('/')
		default:
			return "", justUnseen(r.source[line-1], line)
		}
	}
	return "", justUnseen(r.source[line-1], line)
}

// term works out what an expression begins with, and says how many tokens that takes.
func (r *justRun) term(expr []justToken, local map[string]string, line, depth int) (string, int, error) {
	t := expr[0]
	isCall := t.kind == 'n' && len(expr) > 1 && expr[1].kind == '('
	switch {
	case t.kind == 's':
		return t.text, 1, nil
	case t.kind == 'b':
		return drivers.FromShell(t.text), 1, nil
	case t.kind == '(' || isCall:
		open := 0
		if isCall {
			open = 1
		}
		level, end, comma := 0, -1, -1
		for i := open; i < len(expr) && end < 0; i++ {
			switch expr[i].kind {
			case '(':
				level++
			case ')':
				if level--; level == 0 {
					end = i
				}
			case ',':
				if level == 1 && comma < 0 {
					comma = i
				}
			}
		}
		if end < 0 {
			break
		}
		inner := expr[open+1 : end]
		if !isCall {
			text, err := r.eval(inner, local, line, depth+1)
			return text, end + 1, err
		}
		var fallback []justToken
		if comma >= 0 {
			inner, fallback = expr[open+1:comma], expr[comma+1:end]
		}
		text, err := r.function(t.text, inner, fallback, local, line, depth)
		return text, end + 1, err
	case t.kind == 'n' && t.text != "if":
		if v, ok := local[t.text]; ok {
			return v, 1, nil
		}
		text, err := r.variable(t.text, depth)
		return text, 1, err
	}
	return "", 0, justUnseen(r.source[line-1], line)
}

// function works out the few functions that say something about the environment.
func (r *justRun) function(name string, arg, fallback []justToken, local map[string]string, line, depth int) (string, error) {
	switch name {
	case "arch", "os", "os_family", "num_cpus":
		return "", fmt.Errorf("its justfile has `%s()` on line %d, which is the builder's", name, line)
	case "justfile_directory", "justfile_dir":
		if len(arg) == 0 {
			return r.dir, nil
		}
	case "env", "env_var", "env_var_or_default":
		variable, err := r.eval(arg, local, line, depth+1)
		if err != nil {
			return "", err
		}
		text, state := r.env(variable)
		switch {
		case state == drivers.EnvSet:
			if variable == "GOARCH" && len(fallback) == 1 && fallback[0].kind == 's' {
				r.review = drivers.OwnGOARCH(fallback[0].text, "justfile")
			}
			return text, nil
		case state == drivers.EnvUnseen:
			return "", fmt.Errorf("its justfile asks for %s on line %d, which is %s", variable, line, text)
		case state == drivers.EnvMayBe:
			return "$" + variable, nil
		case fallback != nil:
			return r.eval(fallback, local, line, depth+1)
		}
		return "", fmt.Errorf("its justfile asks for %s on line %d, which is not known", variable, line)
	}
	return "", justUnseen(name+"(…)", line)
}
