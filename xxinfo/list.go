package xxinfo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

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

// jsonRow is a platform in `xx-info list --json`. A name that the platform does not
// have is left out.
type jsonRow struct {
	Platform string `json:"platform"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Variant  string `json:"variant,omitempty"`
	March    string `json:"march"`
	Debian   string `json:"debian"`
	Alpine   string `json:"alpine"`
	RPM      string `json:"rpm"`
	Triple   struct {
		Debian string `json:"debian"`
		Alpine string `json:"alpine"`
	} `json:"triple"`
	Rust   jsonLibc `json:"rust,omitzero"`
	Zig    jsonLibc `json:"zig"`
	Object struct {
		Format  string `json:"format"`
		Machine uint32 `json:"machine"`
		Bits    int    `json:"bits"`
		Order   string `json:"order"`
	} `json:"object"`
	Loader jsonLibc `json:"loader,omitzero"`
	Qemu   string   `json:"qemu,omitempty"`
	// Go has the variables for the platform, GoVariants the one that each variant adds or replaces.
	Go         map[string]string            `json:"go"`
	GoVariants map[string]map[string]string `json:"goVariants,omitempty"`
}

// jsonLibc has a name for each C library.
type jsonLibc struct {
	GNU  string `json:"gnu,omitempty"`
	Musl string `json:"musl,omitempty"`
}

// WriteJSON writes the whole table as a JSON array.
func WriteJSON(w io.Writer) error {
	var rows []jsonRow
	for _, r := range triples.Rows() {
		j := jsonRow{
			Platform: r.Platform.String(), OS: r.OS, Arch: r.Arch, Variant: r.Variant,
			March: r.March, Debian: r.Debian, Alpine: r.Alpine, RPM: r.RPM,
			Rust: jsonLibc{r.RustGNU, r.RustMusl}, Zig: jsonLibc{r.ZigGNU, r.ZigMusl},
			Loader: jsonLibc{r.LoaderGNU, r.LoaderMusl}, Qemu: r.Qemu,
			Go: map[string]string{"GOOS": r.OS, "GOARCH": r.Arch},
		}
		j.Triple.Debian, j.Triple.Alpine = r.Triple(debian), r.Triple(alpine)
		j.Object.Format, j.Object.Machine = object(r)
		j.Object.Bits, j.Object.Order = r.Bits, r.Order.String()
		if name, value := r.GoVariable(); name != "" {
			j.Go[name] = value
		}
		for _, v := range r.Variants {
			if j.GoVariants == nil {
				j.GoVariants = map[string]map[string]string{}
			}
			name, value := triples.Platform{OS: r.OS, Arch: r.Arch, Variant: v}.GoVariable()
			j.GoVariants[v] = map[string]string{name: value}
		}
		rows = append(rows, j)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(rows)
}
