package dfrewrite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/rules"
)

// ErrRule is wrapped by errors about names of rules.
var ErrRule = errors.New("no such rule")

// SelectRules returns the rules that only names, or all if it is empty, without
// those that skip names. Names are compared without regard to case.
func SelectRules(only, skip []string) ([]*rules.Rule, error) {
	chosen, err := named(only)
	if err != nil {
		return nil, err
	}
	left, err := named(skip)
	if err != nil {
		return nil, err
	}
	out := []*rules.Rule{} // not nil, which would mean all
	for _, r := range rules.All {
		if (len(only) == 0 || slices.Contains(chosen, r)) && !slices.Contains(left, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

func named(names []string) ([]*rules.Rule, error) {
	var out []*rules.Rule
	for _, name := range names {
		r := rules.Named(name)
		if r == nil {
			var all []string
			for _, r := range rules.All {
				all = append(all, r.Name)
			}
			return nil, fmt.Errorf("%w: %q; there are %s", ErrRule, name, strings.Join(all, ", "))
		}
		out = append(out, r)
	}
	return out, nil
}
