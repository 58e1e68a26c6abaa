package builds

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/userfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"xxkit/dfrewrite/dockerfile"
)

// A bake file, as in docs.docker.com/build/bake/reference. Everything else in it is
// passed over; attributes at the top are variables.
var (
	bakeSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "group", LabelNames: []string{"name"}},
		{Type: "target", LabelNames: []string{"name"}},
	}}
	variableSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "default"}}}
	groupSchema    = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "targets"}}}
	targetSchema   = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		{Name: "inherits"}, {Name: "context"}, {Name: "dockerfile"}, {Name: "dockerfile-inline"}, {Name: "target"},
		{Name: "args"}, {Name: "platforms"}, {Name: "output"}, {Name: "matrix"}, {Name: "name"},
	}}
)

// A bakeTarget is a target before inheritance; what is nil is not said.
type bakeTarget struct {
	name                                string
	inherits                            []string
	context, dockerfile, inline, target *string
	platforms, outputs                  []string // outputs by their types
	args                                map[string]*string
}

// unknownText stands for a context or Dockerfile that is only known when building.
const unknownText = "\x00"

// bake reads a bake file.
func (f *File) bake(isJSON bool) error {
	var parsed *hcl.File
	var diags hcl.Diagnostics
	if isJSON {
		parsed, diags = json.Parse(f.Doc.Src, f.Doc.Name)
	} else {
		parsed, diags = hclsyntax.ParseConfig(f.Doc.Src, f.Doc.Name, hcl.InitialPos)
	}
	if diags.HasErrors() {
		return f.hclError(diags)
	}
	e := &hcl.EvalContext{Variables: map[string]cty.Value{"BAKE_CMD_CONTEXT": cty.StringVal("."), "BAKE_LOCAL_PLATFORM": cty.UnknownVal(cty.String)}, Functions: maps.Clone(bakeFunctions)}
	functions, rest, diags := userfunc.DecodeUserFunctions(parsed.Body, "function", func() *hcl.EvalContext { return e })
	if diags.HasErrors() {
		return f.hclError(diags)
	}
	maps.Copy(e.Functions, functions)
	content, top, diags := rest.PartialContent(bakeSchema)
	if diags.HasErrors() {
		return f.hclError(diags)
	}
	setVariables(e, content.Blocks.OfType("variable"), top)

	grouped := map[string]bool{}
	for _, b := range content.Blocks.OfType("group") {
		c, _, diags := b.Body.PartialContent(groupSchema)
		if diags.HasErrors() {
			return f.hclError(diags)
		}
		if a := c.Attributes["targets"]; a != nil {
			names, diags := stringList(a.Expr, e)
			if diags.HasErrors() {
				return f.hclError(diags)
			}
			for _, n := range names {
				grouped[n] = true
			}
		}
	}
	var targets []*bakeTarget
	for _, b := range content.Blocks.OfType("target") {
		t, diags := f.bakeTargets(b, e)
		if diags.HasErrors() {
			return f.hclError(diags)
		}
		targets = append(targets, t...)
	}
	return f.resolveTargets(targets, grouped)
}

func (f *File) hclError(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		text := d.Summary
		if d.Detail != "" {
			text += ": " + d.Detail
		}
		line := 0
		if d.Subject != nil {
			line = d.Subject.Start.Line
		}
		return &Error{f.Doc.Name, line, errors.New(strings.TrimSuffix(text, "."))}
	}
	return nil
}

// setVariables evaluates variables, which may refer to one another in any order.
// One that cannot be evaluated is unknown, and what it is used for is then, too.
func setVariables(e *hcl.EvalContext, blocks hcl.Blocks, top hcl.Body) {
	left := map[string]hcl.Expression{}
	for _, b := range blocks {
		c, _, _ := b.Body.PartialContent(variableSchema)
		if a := c.Attributes["default"]; a != nil {
			left[b.Labels[0]] = a.Expr
		} else {
			e.Variables[b.Labels[0]] = cty.StringVal("") // as bake has it, without the environment
		}
	}
	attrs, _ := top.JustAttributes()
	for name, a := range attrs {
		left[name] = a.Expr
	}
	for progress := true; progress; {
		progress = false
		for name, expr := range left {
			if v, diags := expr.Value(e); !diags.HasErrors() {
				e.Variables[name] = v
				delete(left, name)
				progress = true
			}
		}
	}
	for name := range left {
		e.Variables[name] = cty.DynamicVal
	}
}

// bakeTargets reads a target, or one for each combination of its matrix.
func (f *File) bakeTargets(b *hcl.Block, e *hcl.EvalContext) ([]*bakeTarget, hcl.Diagnostics) {
	c, _, diags := b.Body.PartialContent(targetSchema)
	if diags.HasErrors() {
		return nil, diags
	}
	if a := c.Attributes["args"]; a != nil {
		f.bakeArgs(b.Labels[0], a.Expr, e)
	}
	combinations := []map[string]cty.Value{{}}
	if a := c.Attributes["matrix"]; a != nil {
		if combinations, diags = matrix(a.Expr, e); diags.HasErrors() {
			return nil, diags
		}
	}
	var out []*bakeTarget
	for _, variables := range combinations {
		child := e.NewChild()
		child.Variables = variables
		t := &bakeTarget{name: b.Labels[0]}
		text := func(name string) *string {
			a := c.Attributes[name]
			if a == nil {
				return nil
			}
			s, d := stringValue(a.Expr, child)
			diags = append(diags, d...)
			if v, d := a.Expr.Value(child); s == nil && !d.HasErrors() && !v.IsKnown() {
				s = new(string)
				*s = unknownText
			}
			return s
		}
		t.context, t.dockerfile, t.target = text("context"), text("dockerfile"), text("target")
		if c.Attributes["dockerfile-inline"] != nil {
			t.inline = new(string)
		}
		if name := text("name"); name != nil {
			t.name = *name
		}
		var d hcl.Diagnostics
		if a := c.Attributes["inherits"]; a != nil {
			t.inherits, d = stringList(a.Expr, child)
			diags = append(diags, d...)
		}
		if a := c.Attributes["platforms"]; a != nil {
			t.platforms, d = stringList(a.Expr, child)
			diags = append(diags, d...)
		}
		if a := c.Attributes["output"]; a != nil {
			t.outputs = outputTypes(a.Expr, child)
		}
		if a := c.Attributes["args"]; a != nil {
			t.args = argValues(a.Expr, child)
		}
		out = append(out, t)
	}
	return out, diags
}

// maxCombinations bounds a matrix.
const maxCombinations = 1000

// matrix returns each combination of the values of a matrix.
func matrix(expr hcl.Expression, e *hcl.EvalContext) ([]map[string]cty.Value, hcl.Diagnostics) {
	v, diags := expr.Value(e)
	if diags.HasErrors() {
		return nil, diags
	}
	out := []map[string]cty.Value{{}}
	if !v.IsWhollyKnown() || v.IsNull() || !v.CanIterateElements() {
		return out, nil
	}
	for it := v.ElementIterator(); it.Next(); {
		key, values := it.Element()
		if values.IsNull() || !values.CanIterateElements() {
			continue
		}
		var next []map[string]cty.Value
		for _, m := range out {
			for each := values.ElementIterator(); each.Next() && len(next) < maxCombinations; {
				_, value := each.Element()
				m := maps.Clone(m)
				m[key.AsString()] = value
				next = append(next, m)
			}
		}
		out = next
	}
	return out, nil
}

// stringValue evaluates an expression to a string; nil means null or not known.
func stringValue(expr hcl.Expression, e *hcl.EvalContext) (*string, hcl.Diagnostics) {
	v, diags := expr.Value(e)
	if diags.HasErrors() {
		return nil, diags
	}
	v, err := convert.Convert(v, cty.String)
	if err != nil {
		at := expr.Range()
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "not a string", Subject: &at}}
	}
	if v.IsNull() || !v.IsKnown() {
		return nil, nil
	}
	s := v.AsString()
	return &s, nil
}

// stringList evaluates an expression to strings; what is not known is left out.
func stringList(expr hcl.Expression, e *hcl.EvalContext) ([]string, hcl.Diagnostics) {
	v, diags := expr.Value(e)
	if diags.HasErrors() {
		return nil, diags
	}
	out := []string{}
	if v.IsNull() || !v.IsKnown() {
		return out, nil
	}
	if !v.CanIterateElements() {
		at := expr.Range()
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "not a list of strings", Subject: &at}}
	}
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		if item, err := convert.Convert(item, cty.String); err == nil && !item.IsNull() && item.IsKnown() {
			out = append(out, item.AsString())
		}
	}
	return out, nil
}

// outputTypes returns the types of a target's outputs, which are written as "type=…,dest=…", as a path, or as objects. A type that is
// not known is empty.
func outputTypes(expr hcl.Expression, e *hcl.EvalContext) []string {
	out := []string{}
	v, diags := expr.Value(e)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return out
	}
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		kind := ""
		switch {
		case item.IsNull() || !item.IsKnown():
		case item.Type() == cty.String:
			for field := range strings.SplitSeq(item.AsString(), ",") {
				if value, ok := strings.CutPrefix(field, "type="); ok {
					kind = value
				}
			}
		case item.Type().IsObjectType() && item.Type().HasAttribute("type"):
			if t := item.GetAttr("type"); t.Type() == cty.String && t.IsKnown() && !t.IsNull() {
				kind = t.AsString()
			}
		}
		out = append(out, kind)
	}
	return out
}

// bakeArgs takes down the arguments that are written out in a target.
func (f *File) bakeArgs(target string, expr hcl.Expression, e *hcl.EvalContext) {
	pairs, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		f.computedArgs(target, expr, e)
		return
	}
	for _, p := range pairs {
		name := hcl.ExprAsKeyword(p.Key)
		if name == "" {
			if v, diags := p.Key.Value(e); !diags.HasErrors() && v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
				name = v.AsString()
			}
		}
		value, diags := p.Value.Value(e)
		if !diags.HasErrors() && value.IsNull() {
			continue // null leaves an argument alone
		}
		arg := Arg{Build: target, Name: name}
		if s, diags := stringValue(p.Value, e); !diags.HasErrors() && s != nil {
			arg.Value, arg.Known = *s, true
		}
		at := p.Key.Range()
		arg.At = dockerfile.Span{Start: at.Start.Byte, End: at.End.Byte}
		line := f.lineOf(arg.At)
		end := p.Value.Range().End.Byte
		if strings.TrimSpace(string(f.Doc.Src[line.Start:arg.At.Start])) == "" && end <= line.End &&
			!strings.HasSuffix(f.Doc.Name, ".json") && slices.Contains([]string{"", ","}, strings.TrimSpace(string(f.Doc.Src[end:line.End]))) {
			arg.Line = &line
		}
		f.Args = append(f.Args, arg)
	}
}

// argValues evaluates the arguments of a target; nil means that the value is not known.
func argValues(expr hcl.Expression, e *hcl.EvalContext) map[string]*string {
	values := map[string]*string{}
	v, diags := expr.Value(e)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return values
	}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if key.Type() != cty.String || value.IsNull() {
			continue // null leaves an argument alone
		}
		name := key.AsString()
		values[name] = nil
		if s, err := convert.Convert(value, cty.String); err == nil && s.IsKnown() {
			text := s.AsString()
			values[name] = &text
		}
	}
	return values
}

// computedArgs takes down arguments that an expression makes.
func (f *File) computedArgs(target string, expr hcl.Expression, e *hcl.EvalContext) {
	v, diags := expr.Value(e)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return
	}
	at := expr.Range()
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if key.Type() != cty.String || value.IsNull() {
			continue
		}
		arg := Arg{Build: target, Name: key.AsString(), At: dockerfile.Span{Start: at.Start.Byte, End: at.End.Byte}}
		if s, err := convert.Convert(value, cty.String); err == nil && s.IsKnown() {
			arg.Value, arg.Known = s.AsString(), true
		}
		f.Args = append(f.Args, arg)
	}
}

// resolveTargets applies inheritance. A target that others inherit and that no
// group names, or whose name starts with an underscore, is there for the others.
func (f *File) resolveTargets(targets []*bakeTarget, grouped map[string]bool) error {
	byName := map[string]*bakeTarget{}
	inherited := map[string]bool{}
	for _, t := range targets {
		byName[t.name] = t
		for _, i := range t.inherits {
			inherited[i] = true
		}
	}
	known := map[*bakeTarget]bakeTarget{}
	var merged func(t *bakeTarget, under []string) (bakeTarget, error)
	merged = func(t *bakeTarget, under []string) (bakeTarget, error) {
		if out, ok := known[t]; ok {
			return out, nil
		}
		var out bakeTarget
		if slices.Contains(under, t.name) {
			return out, &Error{f.Doc.Name, 0, fmt.Errorf("target %q inherits itself", t.name)}
		}
		under = append(slices.Clip(under), t.name)
		for _, name := range t.inherits {
			parent := byName[name]
			if parent == nil {
				continue // it comes from another file, as that of docker/metadata-action does
			}
			p, err := merged(parent, under)
			if err != nil {
				return out, err
			}
			out.override(p)
		}
		out.override(*t)
		known[t] = out
		return out, nil
	}
	for _, t := range targets {
		m, err := merged(t, nil)
		if err != nil {
			return err
		}
		if strings.HasPrefix(t.name, "_") || inherited[t.name] && !grouped[t.name] {
			continue
		}
		b := &Build{Name: t.name, Platforms: m.platforms, Args: m.args, Discards: len(m.outputs) > 0}
		for _, kind := range m.outputs {
			b.Discards = b.Discards && kind == "cacheonly"
		}
		context, file := ".", ""
		if m.context != nil {
			context = *m.context
		}
		if m.dockerfile != nil {
			file = *m.dockerfile
		}
		if m.target != nil {
			b.Target = *m.target
		}
		if context != unknownText && file != unknownText {
			f.place(b, context, file, m.inline != nil)
		}
		f.Builds = append(f.Builds, b)
	}
	return nil
}

// override puts what o says over t.
func (t *bakeTarget) override(o bakeTarget) {
	for _, p := range []struct{ mine, theirs **string }{
		{&t.context, &o.context}, {&t.dockerfile, &o.dockerfile}, {&t.inline, &o.inline}, {&t.target, &o.target},
	} {
		if *p.theirs != nil {
			*p.mine = *p.theirs
		}
	}
	if o.platforms != nil {
		t.platforms = o.platforms
	}
	if o.outputs != nil {
		t.outputs = o.outputs
	}
	if len(o.args) > 0 {
		args := map[string]*string{}
		maps.Copy(args, t.args)
		maps.Copy(args, o.args)
		t.args = args
	}
}
