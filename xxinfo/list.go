package xxinfo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"xxkit/internal/jsontext"
	"xxkit/triples"
)

// The two systems whose triples the lists show.
var (
	debian = triples.System{Vendor: "debian", Libc: "gnu"}
	alpine = triples.System{Vendor: "alpine", Libc: "musl"}
)

// column is one column of the printed table. Its name heads it in the text; a
// column with a title is in the Markdown table as well.
type column struct {
	name, title string
	value       func(triples.Row) string
}

var columns = []column{
	{"PLATFORM", "platform", func(r triples.Row) string { return r.Platform.String() }},
	{"VARIANTS", "variants", variants},
	{"MARCH", "`uname -m`", func(r triples.Row) string { return r.March }},
	{"DEBIAN", "Debian", func(r triples.Row) string { return r.Debian }},
	{"ALPINE", "Alpine", func(r triples.Row) string { return r.Alpine }},
	{"RPM", "RPM", func(r triples.Row) string { return r.RPM }},
	{"TRIPLE-DEBIAN", "triple on Debian", func(r triples.Row) string { return r.Triple(debian) }},
	{"TRIPLE-ALPINE", "triple on Alpine", func(r triples.Row) string { return r.Triple(alpine) }},
	{"GO", "Go variable", goVariable},
	{"RUST-GNU", "Rust, glibc", func(r triples.Row) string { return r.RustGNU }},
	{"RUST-MUSL", "", func(r triples.Row) string { return r.RustMusl }},
	{"ZIG-GNU", "", func(r triples.Row) string { return r.ZigGNU }},
	{"ZIG-MUSL", "", func(r triples.Row) string { return r.ZigMusl }},
	{"OBJECT", "", func(r triples.Row) string { format, n := object(r); return fmt.Sprintf("%s:%#x", format, n) }},
	{"BITS", "", func(r triples.Row) string { return fmt.Sprint(r.Bits) }},
	{"ORDER", "", func(r triples.Row) string { return r.Order.String() }},
	{"LOADER-GNU", "", func(r triples.Row) string { return r.LoaderGNU }},
	{"LOADER-MUSL", "", func(r triples.Row) string { return r.LoaderMusl }},
	{"QEMU", "", func(r triples.Row) string { return r.Qemu }},
}

// variants lists the variants that share the row; a long list by its ends.
func variants(r triples.Row) string {
	if n := len(r.Variants); n > 5 {
		return r.Variants[0] + "…" + r.Variants[n-1]
	}
	return strings.Join(r.Variants, ",")
}

// goVariable names the variable that the variant sets, with the value that is fixed for the row.
func goVariable(r triples.Row) string {
	if name, value := r.GoVariable(); name != "" {
		return name + "=" + value
	}
	for _, v := range r.Variants {
		name, _ := triples.Platform{OS: r.OS, Arch: r.Arch, Variant: v}.GoVariable()
		return name
	}
	return ""
}

// object returns the format of the platform's programs and the machine's number in it.
func object(r triples.Row) (format string, machine uint32) {
	switch r.OS {
	case "darwin":
		return "Mach-O", r.MachOCPU
	case "windows":
		return "PE", uint32(r.PEMachine)
	}
	return "ELF", uint32(r.ELFMachine)
}

// WriteText writes the whole table for the eye and for awk: a line for each platform,
// columns in line, no blanks in a value, "-" for none.
func WriteText(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, c := range columns {
		fmt.Fprint(tw, separator(i, "\t"), c.name)
	}
	fmt.Fprintln(tw)
	for _, r := range triples.Rows() {
		for i, c := range columns {
			v := c.value(r)
			if v == "" {
				v = "-"
			}
			fmt.Fprint(tw, separator(i, "\t"), v)
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

func separator(i int, s string) string {
	if i == 0 {
		return ""
	}
	return s
}

// WriteMarkdown writes the names that people type as a Markdown table. It is the table in the
// README, where a test compares it.
func WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	var rule strings.Builder
	for _, c := range columns {
		if c.title != "" {
			b.WriteString("| " + c.title + " ")
			rule.WriteString("|---")
		}
	}
	b.WriteString("|\n" + rule.String() + "|\n")
	for _, r := range triples.Rows() {
		for _, c := range columns {
			if c.title == "" {
				continue
			}
			v := strings.ReplaceAll(c.value(r), ",", ", ")
			if v == "" {
				v = "–"
			}
			b.WriteString("| " + v + " ")
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the whole table as a JSON array. A name that the platform does not have is
// left out. "go" has Go's variables for the platform, "goVariants" the one that each variant
// adds or replaces.
func WriteJSON(w io.Writer) error {
	rows := jsontext.Array{}
	for _, r := range triples.Rows() {
		format, machine := object(r)
		goVars := jsontext.Members{{"GOOS", r.OS}, {"GOARCH", r.Arch}}
		if name, value := r.GoVariable(); name != "" {
			goVars = append(goVars, jsontext.Member{name, value})
		}
		goVariants := jsontext.Members{}
		for _, v := range r.Variants {
			name, value := triples.Platform{OS: r.OS, Arch: r.Arch, Variant: v}.GoVariable()
			goVariants = append(goVariants, jsontext.Member{v, jsontext.Members{{name, value}}})
		}
		rows = append(rows, jsontext.Members{
			{"platform", r.Platform.String()}, {"os", r.OS}, {"arch", r.Arch}, {"variant", r.Variant},
			{"march", r.March}, {"debian", r.Debian}, {"alpine", r.Alpine}, {"rpm", r.RPM},
			{"triple", jsontext.Members{{"debian", r.Triple(debian)}, {"alpine", r.Triple(alpine)}}},
			{"rust", jsontext.Members{{"gnu", r.RustGNU}, {"musl", r.RustMusl}}},
			{"zig", jsontext.Members{{"gnu", r.ZigGNU}, {"musl", r.ZigMusl}}},
			{"object", jsontext.Members{{"format", format}, {"machine", int(machine)}, {"bits", r.Bits}, {"order", r.Order.String()}}},
			{"loader", jsontext.Members{{"gnu", r.LoaderGNU}, {"musl", r.LoaderMusl}}},
			{"qemu", r.Qemu},
			{"go", goVars},
			{"goVariants", goVariants},
		})
	}
	_, err := io.WriteString(w, jsontext.Indent(rows))
	return err
}
