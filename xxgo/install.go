package xxgo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
)

// installPlan is a `go install` for another machine that shall end where a native
// one does.
//
// go itself would put the programs into $GOPATH/bin/GOOS_GOARCH. So it gets a GOPATH of
// which the first entry, the one that it installs into, is a temporary folder;
// when it is done, the programs are moved. The module cache and the checksum database,
// which go looks for in the first entry too, stay where they were. The temporary
// folder is made in the destination, so that moving a program there is a rename: it
// appears at once and whole.
type installPlan struct {
	command     host.Command
	destination string // the folder that programs end in
	gopath      string // GOPATH as it was
	modcache    string // GOMODCACHE as it was
	goenv       []byte // go's configuration file without GOBIN, if it has a GOBIN; else nil
}

// planInstall recognises a `go install` that has to be led to another folder. It
// reports false for any other command, for one that installs for this
// machine, and where go has to say what is wrong: no GOPATH, or a GOBIN that is
// relative. With GO111MODULE=off packages come from GOPATH and install beside
// where they lie, which is left to go.
func planInstall(h *host.Host, c host.Command) (installPlan, bool) {
	if subcommand(c.Args) != "install" {
		return installPlan{}, false
	}
	machine, _ := triples.FromMachine(h.March)
	if c.Env.Get("GOOS") == runtime.GOOS && c.Env.Get("GOARCH") == machine.Arch {
		return installPlan{}, false
	}
	var goenv []byte
	if file := goenvFile(c.Env); file != "" {
		goenv, _, _ = readGoenv(h, file) // go ignores a file that it cannot read
	}
	get := func(name string) string {
		if v := c.Env.Get(name); v != "" {
			return v
		}
		return lookup(goenv, name)
	}
	if get("GO111MODULE") == "off" {
		return installPlan{}, false
	}
	p := installPlan{command: c, gopath: get("GOPATH"), modcache: get("GOMODCACHE"), destination: get("GOBIN")}
	if p.gopath == "" {
		if home := c.Env.Get("HOME"); home != "" {
			p.gopath = filepath.Join(home, "go")
		}
	}
	first, _, _ := strings.Cut(p.gopath, string(filepath.ListSeparator))
	if !filepath.IsAbs(first) {
		return installPlan{}, false
	}
	if p.modcache == "" {
		p.modcache = filepath.Join(first, "pkg/mod")
	}
	if p.destination == "" {
		p.destination = filepath.Join(first, "bin")
	}
	if !filepath.IsAbs(p.destination) {
		return installPlan{}, false
	}
	if lookup(goenv, "GOBIN") != "" {
		p.goenv = []byte{}
		for line := range bytes.Lines(goenv) {
			if lineKey(line) != "GOBIN" {
				p.goenv = append(p.goenv, line...)
			}
		}
	}
	return p, true
}

// run runs go and moves what it has installed. If go fails nothing is installed.
func (p installPlan) run(h *host.Host) error {
	_, err := os.Stat(p.destination)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(p.destination, 0o777); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(p.destination, ".xx-go-install-")
	if err != nil {
		return err
	}
	defer func() {
		os.RemoveAll(tmp)
		if isNew {
			os.Remove(p.destination) // which fails, as it should, if there is something in it
		}
	}()

	first, _, _ := strings.Cut(p.gopath, string(filepath.ListSeparator))
	pkg := filepath.Join(first, "pkg")
	if err := os.MkdirAll(pkg, 0o777); err == nil {
		err = os.Symlink(pkg, filepath.Join(tmp, "pkg"))
		if err != nil {
			return err
		}
	}
	c := p.command
	c.Env = c.Env.Without("GOBIN").
		With("GOPATH", tmp+string(filepath.ListSeparator)+p.gopath).
		With("GOMODCACHE", p.modcache)
	if p.goenv != nil {
		file := filepath.Join(tmp, "goenv")
		if err := os.WriteFile(file, p.goenv, 0o666); err != nil {
			return err
		}
		c.Env = c.Env.With("GOENV", file)
	}
	if err := h.Run(c); err != nil {
		return err
	}
	return p.move(h, filepath.Join(tmp, "bin"))
}

// move moves the programs that go has installed beneath bin: in a subfolder for another
// machine, in bin itself if go takes the target for its own.
func (p installPlan) move(h *host.Host, bin string) error {
	for _, dir := range []string{filepath.Join(bin, p.command.Env.Get("GOOS")+"_"+p.command.Env.Get("GOARCH")), bin} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() {
				continue
			}
			to := filepath.Join(p.destination, e.Name())
			h.Debugf("write %s", to)
			if err := os.Rename(filepath.Join(dir, e.Name()), to); err != nil {
				return fmt.Errorf("cannot install %s: %w", to, err)
			}
		}
	}
	return nil
}
