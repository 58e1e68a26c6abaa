package builds

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"go.yaml.in/yaml/v4"

	"xxkit/internal/lazyregexp"
)

// What a Compose file says of what is built, as in docs.docker.com/reference/compose-file: services with build and
// platform, what they take from others by extends, what a file takes in by include, and several documents in one file.
// Compose's own loader does all of it and more, but setting up its schema takes longer than to lint a Dockerfile, and
// would be done in every start. A test holds what is read here against it.

// The keys that Compose knows where builds are looked for. A test compares them with Compose's schema.
var (
	composeKeys = words("version name include services models networks volumes secrets configs jobs")
	serviceKeys = words("annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop privileged profiles provider pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits umask use_api_socket user userns_mode uts volumes volumes_from working_dir")
	buildKeys   = words("additional_contexts args cache_from cache_to context dockerfile dockerfile_inline entitlements extra_hosts isolation labels network no_cache no_cache_filter platforms privileged provenance pull sbom secrets shm_size ssh tags target ulimits")
	includeKeys = words("path env_file project_directory")
	extendsKeys = words("service file")
)

func words(list string) func() []string {
	return sync.OnceValue(func() []string { return strings.Fields(list) })
}

// A service is what a service says of its build; what is nil is not said.
type service struct {
	platform, context, dockerfile, inline, target *string

	builds    bool // it has a build
	platforms []string
	args      map[string]*string // nil where only the environment knows
	// listed says that args are a list, of which Compose takes nothing back; added to others they become one.
	listed bool

	extends, extendsFile string // the service that it extends, and its file if that is another one
	at                   *yaml.Node
	// without is what it does not take from what it adds to (!reset, !override): build, build.args, build.args.NAME.
	without []string
}

// over puts a service over one that it adds to.
func (s *service) over(base *service) *service {
	out := *base
	for _, path := range s.without {
		out.drop(path)
	}
	for _, p := range []struct{ out, mine **string }{
		{&out.platform, &s.platform}, {&out.context, &s.context}, {&out.dockerfile, &s.dockerfile}, {&out.inline, &s.inline}, {&out.target, &s.target},
	} {
		if *p.mine != nil {
			*p.out = *p.mine
		}
	}
	out.builds = out.builds || s.builds
	out.platforms = slices.Clone(out.platforms)
	for _, p := range s.platforms {
		if !slices.Contains(out.platforms, p) {
			out.platforms = append(out.platforms, p)
		}
	}
	out.listed = out.listed || s.listed || out.args != nil && s.args != nil
	if s.args != nil {
		out.args = maps.Clone(out.args)
		if out.args == nil {
			out.args = map[string]*string{}
		}
		maps.Copy(out.args, s.args)
	}
	return &out
}

// drop forgets what is said at a path below the service.
func (s *service) drop(path string) {
	switch path {
	case "platform":
		s.platform = nil
	case "build":
		*s = service{platform: s.platform}
	case "build.context":
		s.context = nil
	case "build.dockerfile":
		s.dockerfile = nil
	case "build.dockerfile_inline":
		s.inline = nil
	case "build.target":
		s.target = nil
	case "build.platforms":
		s.platforms = nil
	case "build.args":
		s.args, s.listed = nil, false
	default:
		if name, ok := strings.CutPrefix(path, "build.args."); ok && !s.listed {
			s.args = maps.Clone(s.args)
			delete(s.args, name)
		}
	}
}

// moved returns the service with its context as it is from the folder above.
func (s *service) moved(folder string) *service {
	out := *s
	if s.context != nil && !isRemote(*s.context) {
		context := within(folder, *s.context)
		out.context = &context
	} else if s.context == nil && s.builds {
		out.context = &folder
	}
	return &out
}

// A composeReader reads a Compose file and those that it leads to.
type composeReader struct {
	top string // the folder of the first file
	// left bounds how many nodes are visited: aliases can stand for one another, many times over.
	left int
}

// A composeFile is one of the files.
type composeFile struct {
	*composeReader
	name   string // for messages
	folder string // where its paths start, from the top folder
	env    map[string]string
	above  []string // the files that include it, and itself
	// base says that it was only named by extends: what it includes does not matter, and what its services extend is
	// looked up when one of them is asked for.
	base bool
}

// maxNodes is how many nodes of YAML are visited at most.
const maxNodes = 100_000

// services reads the services of a Compose file, by name.
func services(name string, src []byte, env map[string]string) (map[string]*service, error) {
	top, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, &Error{name, 0, err}
	}
	f := &composeFile{composeReader: &composeReader{top, maxNodes}, name: name, folder: ".", env: env, above: []string{filepath.Join(top, filepath.Base(name))}}
	all, err := f.read(src)
	if err == nil && all == nil {
		err = &Error{name, 0, errors.New("there is nothing in this Compose file")}
	}
	return all, err
}

func (f *composeFile) errorAt(n *yaml.Node, format string, args ...any) error {
	return &Error{f.name, n.Line, fmt.Errorf(format, args...)}
}

// read reads the documents of a file, each of which adds to those before it. It returns nil if there are none.
func (f *composeFile) read(src []byte) (map[string]*service, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var all map[string]*service
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, &Error{f.name, composeLine(err), err}
		}
		if len(doc.Content) == 0 {
			continue
		}
		more, err := f.document(doc.Content[0])
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = map[string]*service{}
		}
		addServices(all, more)
	}
}

// addServices puts services over those of the same names.
func addServices(all, more map[string]*service) {
	for name, s := range more {
		if base := all[name]; base != nil {
			s = s.over(base)
		}
		all[name] = s
	}
}

func (f *composeFile) document(root *yaml.Node) (map[string]*service, error) {
	top, err := f.mapping(root, "the file", composeKeys)
	if err != nil {
		return nil, err
	}
	all := map[string]*service{}
	for _, e := range top {
		if e.key.Value != "services" || isNull(e.value) {
			continue
		}
		list, err := f.mapping(e.value, "services", nil)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if all[e.key.Value], err = f.service(e.key.Value, e.value); err != nil {
				return nil, err
			}
		}
	}
	if f.base {
		return all, nil
	}
	for _, e := range top {
		if e.key.Value == "include" {
			included, err := f.included(e.value)
			if err != nil {
				return nil, err
			}
			addServices(included, all)
			all = included
		}
	}
	out := map[string]*service{}
	for name := range all {
		if out[name], err = f.extended(name, all, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// service reads what a service says of its build.
func (f *composeFile) service(name string, n *yaml.Node) (*service, error) {
	s := &service{at: n}
	if isNull(n) {
		return s, nil
	}
	path := "services." + name
	entries, err := f.mapping(n, path, serviceKeys)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		switch e.key.Value {
		case "platform":
			if !s.takesBack(e, "platform") {
				s.platform, err = f.text(e.value)
			}
		case "build":
			if !s.takesBack(e, "build") {
				err = f.build(s, path+".build", e.value)
			}
		case "extends":
			err = f.extends(s, path+".extends", e.value)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// takesBack notes that a value does not add to what stands below it, and reports whether it stands for nothing itself.
func (s *service) takesBack(e entry, path string) bool {
	tag := e.value.Tag
	if tag != "!reset" && tag != "!override" {
		tag = target(e.value).Tag
	}
	if tag == "!reset" || tag == "!override" {
		s.without = append(s.without, path)
	}
	return tag == "!reset"
}

func (f *composeFile) build(s *service, path string, n *yaml.Node) error {
	if isNull(n) {
		return nil
	}
	s.builds = true
	if target(n).Kind == yaml.ScalarNode {
		var err error
		s.context, err = f.text(n)
		return err
	}
	entries, err := f.mapping(n, path, buildKeys)
	if err != nil {
		return err
	}
	for _, e := range entries {
		into := map[string]**string{"context": &s.context, "dockerfile": &s.dockerfile, "dockerfile_inline": &s.inline, "target": &s.target}[e.key.Value]
		switch {
		case into == nil && e.key.Value != "platforms" && e.key.Value != "args":
		case s.takesBack(e, "build."+e.key.Value):
		case into != nil:
			*into, err = f.text(e.value)
		case e.key.Value == "platforms":
			s.platforms, err = f.list(path+".platforms", e.value)
		default:
			err = f.args(s, path+".args", e.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// args reads KEY: VALUE, or a list of KEY=VALUE.
func (f *composeFile) args(s *service, path string, n *yaml.Node) error {
	s.args = map[string]*string{}
	if isNull(n) {
		return nil
	}
	if target(n).Kind == yaml.SequenceNode {
		s.listed = true
		list, err := f.list(path, n)
		for _, item := range list {
			if name, value, ok := strings.Cut(item, "="); ok {
				s.args[name] = &value
			} else {
				s.args[name] = nil
			}
		}
		return err
	}
	entries, err := f.mapping(n, path, nil)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if s.takesBack(e, "build.args."+e.key.Value) {
			continue
		}
		if s.args[e.key.Value], err = f.text(e.value); err != nil {
			return err
		}
	}
	return nil
}

func (f *composeFile) extends(s *service, path string, n *yaml.Node) error {
	if target(n).Kind == yaml.ScalarNode {
		text, err := f.text(n)
		if text != nil {
			s.extends = *text
		}
		return err
	}
	entries, err := f.mapping(n, path, extendsKeys)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := f.text(e.value)
		switch {
		case err != nil:
			return err
		case text == nil:
		case e.key.Value == "service":
			s.extends = *text
		default:
			s.extendsFile = *text
		}
	}
	if s.extends == "" {
		return f.errorAt(n, "%s names no service", path)
	}
	return nil
}

// extended returns a service with what it extends, which may be in another file. Under are those that extend it.
func (f *composeFile) extended(name string, all map[string]*service, under []string) (*service, error) {
	s := all[name]
	if s.extends == "" {
		return s, nil
	}
	id := filepath.Join(f.top, f.folder, filepath.Base(f.name)) + "\x00" + name
	if slices.Contains(under, id) {
		return nil, f.errorAt(s.at, "service %q extends itself", name)
	}
	under = append(slices.Clip(under), id)
	from, services := f, all
	if s.extendsFile != "" {
		path := within(filepath.Join(f.top, f.folder), s.extendsFile)
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, f.errorAt(s.at, "service %q extends another file: %w", name, err)
		}
		from = &composeFile{composeReader: f.composeReader, name: f.named(s.extendsFile), folder: f.from(filepath.Dir(path)), env: f.env, base: true}
		if services, err = from.read(src); err != nil {
			return nil, err
		}
	}
	if services[s.extends] == nil {
		return nil, f.errorAt(s.at, "service %q extends %q, which is not in %s", name, s.extends, from.name)
	}
	base, err := from.extended(s.extends, services, under)
	if err != nil {
		return nil, err
	}
	if from != f {
		base = base.moved(relativeTo(f.folder, from.folder))
	}
	out := s.over(base)
	out.at = s.at
	return out, nil
}

// included reads the files that a file takes in.
func (f *composeFile) included(n *yaml.Node) (map[string]*service, error) {
	if isNull(n) {
		return map[string]*service{}, nil
	}
	if target(n).Kind != yaml.SequenceNode {
		return nil, f.errorAt(n, "include must be a list")
	}
	all := map[string]*service{}
	for _, item := range target(n).Content {
		var paths, envFiles []string
		var folder *string
		var err error
		if target(item).Kind == yaml.ScalarNode {
			paths, err = f.list("include", item)
		} else {
			var entries []entry
			if entries, err = f.mapping(item, "include", includeKeys); err != nil {
				return nil, err
			}
			for _, e := range entries {
				switch e.key.Value {
				case "path":
					paths, err = f.list("include.path", e.value)
				case "env_file":
					envFiles, err = f.list("include.env_file", e.value)
				default:
					folder, err = f.text(e.value)
				}
				if err != nil {
					return nil, err
				}
			}
		}
		if err == nil {
			err = f.include(all, item, paths, envFiles, folder)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// include reads files, the second and those after it adding to the first, whose folder their paths start from if no
// other is named.
func (f *composeFile) include(all map[string]*service, at *yaml.Node, paths, envFiles []string, folder *string) error {
	here := filepath.Join(f.top, f.folder)
	if len(paths) == 0 {
		return f.errorAt(at, "include names no file")
	}
	dir := filepath.Dir(within(here, paths[0]))
	if folder != nil {
		dir = within(here, *folder)
	}
	if envFiles == nil {
		if info, err := os.Stat(filepath.Join(dir, ".env")); err == nil && !info.IsDir() {
			envFiles = []string{filepath.Join(dir, ".env")}
		}
	}
	envFiles = slices.DeleteFunc(envFiles, func(name string) bool { return name == os.DevNull })
	for i := range envFiles {
		envFiles[i] = within(here, envFiles[i])
	}
	env, err := dotenv.GetEnvFromFile(f.env, envFiles)
	if err != nil {
		return f.errorAt(at, "include: %w", err)
	}
	maps.Copy(env, f.env)
	together := map[string]*service{}
	for _, p := range paths {
		path := within(here, p)
		if slices.Contains(f.above, path) {
			return f.errorAt(at, "%s includes itself", p)
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return f.errorAt(at, "include: %w", err)
		}
		file := &composeFile{composeReader: f.composeReader, name: f.named(p), folder: f.from(dir), env: env, above: append(slices.Clip(f.above), path)}
		more, err := file.read(src)
		if err != nil {
			return err
		}
		addServices(together, more)
	}
	for name, s := range together {
		s = s.moved(relativeTo(f.folder, f.from(dir)))
		if have := all[name]; have != nil {
			s = have.over(s)
		}
		all[name] = s
	}
	return nil
}

// from returns a folder as it is from the top folder.
func (f *composeFile) from(dir string) string { return relativeTo(f.top, dir) }

// named is how another file is called in messages.
func (f *composeFile) named(path string) string {
	return within(filepath.Dir(f.name), path)
}

// relativeTo returns dir as it is from base, or dir itself where there is no way.
func relativeTo(base, dir string) string {
	if rel, err := filepath.Rel(base, dir); err == nil {
		return rel
	}
	return dir
}

// An entry of a mapping.
type entry struct{ key, value *yaml.Node }

// mapping returns the entries of a mapping, merged ones (<<) included. Keys that are not among the known ones, if
// there are some, are refused.
func (f *composeFile) mapping(n *yaml.Node, path string, known func() []string) ([]entry, error) {
	var out []entry
	have := map[string]bool{}
	var add func(n *yaml.Node) error
	add = func(n *yaml.Node) error {
		n = target(n)
		if n.Kind != yaml.MappingNode {
			return f.errorAt(n, "%s must be a mapping", path)
		}
		if f.left -= len(n.Content); f.left < 0 {
			return f.errorAt(n, "there are too many aliases in this file")
		}
		var merged []*yaml.Node
		own := map[string]int{} // lines
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if line, twice := own[key.Value]; twice {
				return f.errorAt(key, "%s: %q stands in line %d already", path, key.Value, line)
			}
			own[key.Value] = key.Line
			switch {
			case key.Value == "<<" && target(value).Kind == yaml.SequenceNode:
				merged = append(merged, target(value).Content...)
			case key.Value == "<<":
				merged = append(merged, value)
			case known != nil && !f.base && !strings.HasPrefix(key.Value, "x-") && !slices.Contains(known(), key.Value):
				return f.errorAt(key, "%s: there is no %q in Compose files", path, key.Value)
			case !have[key.Value]:
				have[key.Value] = true
				out = append(out, entry{key, value})
			}
		}
		for _, m := range merged {
			if err := add(m); err != nil {
				return err
			}
		}
		return nil
	}
	return out, add(n)
}

// list reads a list of strings, or one.
func (f *composeFile) list(path string, n *yaml.Node) ([]string, error) {
	n = target(n)
	items := n.Content
	switch n.Kind {
	case yaml.ScalarNode:
		items = []*yaml.Node{n}
	case yaml.SequenceNode:
	default:
		return nil, f.errorAt(n, "%s must be a list", path)
	}
	if f.left -= len(items); f.left < 0 {
		return nil, f.errorAt(n, "there are too many aliases in this file")
	}
	var out []string
	for _, item := range items {
		text, err := f.text(item)
		if err != nil {
			return nil, err
		}
		if text != nil {
			out = append(out, *text)
		}
	}
	return out, nil
}

// text reads a scalar and puts variables in; nil stands for null.
func (f *composeFile) text(n *yaml.Node) (*string, error) {
	n = target(n)
	if n.Kind != yaml.ScalarNode {
		return nil, f.errorAt(n, "this must be one value")
	}
	scalar := *n
	if scalar.Tag == "!override" {
		scalar.Tag = ""
	}
	var value any
	if err := scalar.Decode(&value); err != nil {
		return nil, f.errorAt(n, "%w", err)
	}
	if value == nil {
		return nil, nil
	}
	text, ok := value.(string)
	if !ok {
		text = fmt.Sprint(value) // as Compose writes a number or a date
		return &text, nil
	}
	out, err := substitute(text, f.env)
	if missing := (*template.MissingRequiredError)(nil); errors.As(err, &missing) {
		return &text, nil // it has to be given; its text stands for it
	}
	if err != nil {
		return nil, f.errorAt(n, "%w", err)
	}
	return &out, nil
}

// substitute puts the values of variables in.
func substitute(text string, env map[string]string) (string, error) {
	return template.SubstituteWithOptions(text, func(key string) (string, bool) { v, ok := env[key]; return v, ok }, template.WithoutLogging)
}

// target is what an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	n = target(n)
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

var yamlLine = lazyregexp.New(`\bline (\d+)`)

// composeLine finds the line in an error about YAML.
func composeLine(err error) int {
	if m := yamlLine.Get().FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// composeEnv reads .env beside a Compose file.
func composeEnv(name string) (map[string]string, error) {
	file := filepath.Join(filepath.Dir(name), ".env")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	env, err := dotenv.GetEnvFromFile(map[string]string{}, []string{file})
	if err != nil {
		return nil, &Error{file, 0, err}
	}
	return env, nil
}
