package shell

import (
	"strings"

	"xxkit/dfrewrite/match"
)

// Carriers fetch, unpack, check and move files, and are not themselves different for another machine. Whatever
// stands beside a question to the machine has to be one of them, a decision, or untouched by the answer.
var Carriers = match.Words(`curl wget aria2c tar bsdtar unzip gunzip bunzip2 unxz xz gzip zstd unzstd cp mv install ln chmod chown rm mkdir rmdir cd mktemp
	sha256sum sha512sum sha1sum md5sum gpg echo printf cat tee test [ [[ true false : exit return set export local declare readonly typeset
	grep egrep sed awk tr cut head tail sort basename dirname uname arch dpkg apk jq touch sleep unset ls`)

// Shorten makes a command fit into a message.
func Shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "\\\n", " ")), " ")
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return s
}

// Plain do the same on every machine: they move, change and look at
// files and text, or make users. What they write is as neutral as what they read.
var Plain = match.Words(`
	[ [[ : . awk base64 basename bunzip2 bzip2 cat cd chgrp chmod chown cmp comm cp cut date dd
	declare df diff dirname du echo egrep envsubst exit export expr false fgrep find getent git
	git-lfs gpg gpgconf gpgv grep groupadd gunzip gzip hash head hexdump id install iconv join jq kill less ln
	local ls md5sum mkdir mkfifo mktemp more mv od paste patch popd printenv printf pushd pwd read
	readlink readonly realpath return rev rm rmdir sed seq set sha1sum sha256sum sha512sum shift
	sleep sort split ssh ssh-keyscan stat stty sync tac tail tar tee test time touch tr trap true
	truncate type typeset ulimit umask unalias uniq unlink unset unxz unzip update-ca-certificates
	useradd usermod userdel groupmod groupdel gpasswd chpasswd adduser addgroup wait wc which whoami xxd xz yes zcat zip zstd nproc
	xmlstarlet xmllint xsltproc dos2unix unix2dos lsb_release debconf-set-selections
	break continue ldconfig locale-gen localedef rsync hostname tput uuidgen shopt
	gofmt goimports gofumpt golangci-lint staticcheck swag sqlc templ wire mockgen
	stringer`)

// Fetchers fetch files; which file can depend on the platform.
var Fetchers = match.Words("curl wget aria2c")

var Shells = match.Words("sh bash ash dash zsh ksh")

var Copiers = match.Words("cp mv install ln rsync")

// PlainPath matches paths that need no quotes.
var PlainPath = match.Pattern(`^[A-Za-z0-9._/+@-]+$`)

// IsExport reports whether a command declares variables: export, declare, typeset.
func IsExport(c *Command) bool {
	return c.Name == "export" || c.Name == "declare" || c.Name == "typeset"
}

// Assigns reports whether a command assigns to a variable.
func Assigns(c *Command, name string) bool {
	for _, a := range c.Assigns {
		if a.Name == name {
			return true
		}
	}
	return false
}
