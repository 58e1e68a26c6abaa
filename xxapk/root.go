package xxapk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// lockDir is the folder whose lock a call holds while it changes a second root. It is not the
// root itself, because that may be removed.
const lockDir = "/etc/apk"

// Root is the root file system with the target's packages.
type Root struct {
	host   *host.Host
	apk    string // the program
	dir    string // "/TRIPLE"
	target xxinfo.Target
}

// setUp makes the root, or what is missing of it. global are options for apk.
//
// The file .xx-setup comes last: without it everything is done again, each part of which does no
// harm a second time. It holds this machine's repositories as they were copied. If these change later
// (a Dockerfile adds edge), the root's change with them, unless somebody has edited those.
//
// Nothing is fetched for it, and no option of the user's reaches it: who could choose where the keys come from
// would be trusted from then on.
func (r Root) setUp() error {
	theirs, err := r.repositories()
	if err != nil {
		return err
	}
	marker, err := r.host.ReadFile(r.dir + "/.xx-setup")
	done := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !done || string(marker) != theirs {
		if err := r.writeRepositories(done, string(marker), theirs); err != nil {
			return err
		}
	}
	if err := r.linkCache(); err != nil {
		return err
	}
	if !done {
		if err := r.host.WriteFile(r.dir+"/etc/apk/arch", []byte(r.target.Row.Alpine+"\n"), 0o644); err != nil {
			return err
		}
		if err := r.alpineKeys(); err != nil {
			return err
		}
		if err := r.host.Run(host.Command{Path: r.apk, Args: initArgs(r.dir), Env: r.host.Env}); err != nil {
			return r.initFailed(err)
		}
	}
	if err := r.copyKeys(); err != nil {
		return err
	}
	if done && string(marker) == theirs {
		return nil
	}
	return r.host.WriteFile(r.dir+"/.xx-setup", []byte(theirs), 0o644)
}

// initArgs are apk's arguments for an empty database.
func initArgs(dir string) []string {
	return []string{"--root", dir, "--wait", wait, "--repositories-file", "/dev/null", "--quiet", "add", "--initdb"}
}

func (r Root) initFailed(err error) error {
	var status host.ExitStatus
	if !errors.As(err, &status) {
		return err
	}
	return &host.Error{
		Message: fmt.Sprintf("cannot set up %s for packages of %s: apk exits with status %d", r.dir, r.target.Row.Alpine, int(status)),
		Hint:    "apk add --initdb has to make an empty database there: may it write to that folder?",
		Status:  int(status),
	}
}

// keysDir is where the package alpine-keys has Alpine's keys, in a folder for each architecture.
const keysDir = "/usr/share/apk/keys"

// alpineKeys gives the root Alpine's keys for its architecture. This machine has those of all of them, by a package that
// it trusts.
func (r Root) alpineKeys() error {
	keys := r.host.Glob(keysDir + "/" + r.target.Row.Alpine + "/*")
	if len(keys) == 0 {
		return &host.Error{
			Message: fmt.Sprintf("there is no key for packages of %s: %s/%s is empty", r.target.Row.Alpine, keysDir, r.target.Row.Alpine),
			Hint:    "apk add alpine-keys; a release of Alpine that is older than the architecture has none: build on a newer one",
		}
	}
	for _, key := range keys {
		if err := r.copyKey(key, r.dir+"/etc/apk/keys/"+filepath.Base(key)); err != nil {
			return err
		}
	}
	return nil
}

func (r Root) copyKey(from, to string) error {
	content, err := r.host.ReadFile(from)
	if err != nil {
		return err
	}
	return r.host.WriteFile(to, content, 0o644)
}

// repositories returns this machine's: the file, and what apk 3 reads beside it.
func (r Root) repositories() (string, error) {
	content, err := r.host.ReadFile("/etc/apk/repositories")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	all := string(content)
	for _, file := range r.host.Glob("/etc/apk/repositories.d/*.list") {
		content, err := r.host.ReadFile(file)
		if err != nil {
			return "", err
		}
		if all != "" && !strings.HasSuffix(all, "\n") {
			all += "\n"
		}
		all += string(content)
	}
	return all, nil
}

// writeRepositories gives the root the repositories that this machine has now. If the root has been set
// up with others (was), it changes only what it has written itself.
func (r Root) writeRepositories(done bool, was, now string) error {
	const file = "/etc/apk/repositories"
	if done {
		expected, _ := Repositories(was, r.target.Arch)
		if has, err := r.host.ReadFile(r.dir + file); err == nil && string(has) != expected {
			return nil
		}
	}
	content, used := Repositories(now, r.target.Arch)
	if used != "" {
		fmt.Fprintf(r.host.Stderr, "%s: this Alpine has no packages for %s, taking those of Alpine %s\n", r.host.Name, r.target.Platform, used)
	}
	return r.host.WriteFile(r.dir+file, []byte(content), 0o644)
}

// linkCache gives the root a part of this machine's cache, if there is one: a folder for its
// architecture, because packages of all have the same names. The cache may be a mount that is
// there for one RUN and not for the next.
func (r Root) linkCache() error {
	link := r.dir + "/etc/apk/cache"
	folder := "/etc/apk/cache/" + r.target.Row.Alpine
	to, err := os.Readlink(r.host.Path(link))
	linked := err == nil && to == folder
	if info, err := os.Stat(r.host.Path("/etc/apk/cache")); err != nil || !info.IsDir() {
		if linked {
			return r.host.Remove(link)
		}
		return nil
	}
	if err := os.MkdirAll(r.host.Path(folder), 0o755); err != nil {
		return err
	}
	if _, err := os.Lstat(r.host.Path(link)); err == nil {
		return nil // ours, or one that somebody has set up
	}
	return r.host.Link(folder, link)
}

// copyKeys gives the root the keys of /etc/apk/keys that are not Alpine's: other keys may have come since.
func (r Root) copyKeys() error {
	for _, key := range r.host.Glob("/etc/apk/keys/*") {
		if strings.HasPrefix(filepath.Base(key), "alpine-devel@") {
			continue
		}
		if _, err := os.Stat(r.host.Path(r.dir + key)); err == nil {
			continue
		}
		if err := r.copyKey(key, r.dir+key); err != nil {
			return err
		}
	}
	return nil
}

// clean removes the root, and the links that lead into it. Its mark goes first, so that half of
// a root is not taken for a whole one.
func (r Root) clean() error {
	if err := r.host.Remove(r.dir + "/.xx-setup"); err != nil {
		return err
	}
	r.host.Debugf("remove %s", r.host.Path(r.dir))
	if err := os.RemoveAll(r.host.Path(r.dir)); err != nil {
		return err
	}
	return r.removeDeadLinks()
}
