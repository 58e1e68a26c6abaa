package rules

// UnusedIgnore finds comments that silence nothing. Only the driver knows what the
// comments have silenced, so it is the driver that reports.
var UnusedIgnore = &Rule{
	Name:     "UnusedIgnore",
	Severity: Info,
	Check:    func(*Pass) {},
}
