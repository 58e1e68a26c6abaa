// Package jvm knows Java and its build tools, whose results run on any machine unless they are made
// native.
package jvm

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of Java and its build tools.
var Recipe = &verdict.Recipe{Name: "java", Page: "java", Judge: judge}

// A jar is the same on every platform, unless libraries in machine code were chosen for the machine
// that builds; so a stage that runs Maven, Gradle or sbt moves to the build platform, and a person has
// to look. What makes a program or a Java runtime for one machine is refused.

var (
	javaBuilders = match.Words("mvn mvnw mvnd gradle gradlew sbt ant lein clojure clj javac")
	// javaPrograms look at jars and classes.
	javaPrograms = match.Words("jar jarsigner jdeps keytool javadoc javap")
	// javaPackers make programs, or a runtime, for one machine; javaPickers do that out of what there is, without compiling.
	javaPackers = match.Words("jlink jpackage native-image jib")
	javaPickers = match.Words("jlink jpackage")
)

// nativeGoal matches goals, tasks and properties that make a native image, a runtime or a container.
// (GraalVM's build tools, the manuals of Quarkus, Spring Boot and Jib.)
var nativeGoal = match.Pattern(`(?i)(^|:)(native(Compile|Run|Image|:compile|:build|:compile-no-fork)?|jlink(Zip)?|jpackage(Image)?|bootBuildImage|build-image(-no-fork)?|jib(DockerBuild|BuildTar)?|dockerBuild|dockerBuildNative|buildNativeLambda|GraalVMNativeImage/packageBin|nativeLink)$|^-P,?([\w.,-]*,)?native\b|^-D(native|quarkus\.native\.enabled|quarkus\.package\.type=native|packaging=native-image)\b`)

func judge(c *verdict.Call) (verdict.Step, bool) {
	block := func(format string, args ...any) (verdict.Step, bool) {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf(format, args...),
			Way: verdict.LeaveIt + ", and build the jar in a stage of its own with --platform=$BUILDPLATFORM"}, true
	}
	switch {
	case javaPackers[c.Program]:
		step, ok := block("%s makes a program or a runtime for the machine that it runs on", c.Program)
		step.Compiles = !javaPickers[c.Program]
		return step, ok
	case javaPrograms[c.Program]:
		return verdict.Step{Reason: "does the same on every platform"}, true
	case c.Program == "java":
		if slices.ContainsFunc(c.Args, func(w shell.Word) bool {
			return strings.HasPrefix(w.Lit, "-Djarmode=") || match.Words("-version --version")[w.Lit]
		}) {
			return verdict.Step{Reason: "takes a jar apart, which is the same on every platform"}, true
		}
		return verdict.Step{Verdict: verdict.Block, Reason: "what the program that java runs does is not known",
			Way: "convert the stage by hand, or run it in a stage of the target platform"}, true
	case !javaBuilders[c.Program]:
		return verdict.Step{}, false
	}
	for _, w := range c.Args {
		if nativeGoal().MatchString(strings.Trim(w.Raw, `"'`)) {
			return block("%s %s makes a program or a runtime for the machine that it runs on", c.Program, w.Raw)
		}
		// javac has no tasks: whatever its options and sources are, classes come out.
		if c.Program != "javac" && !w.Const && strings.HasPrefix(w.Raw, "$") && !strings.Contains(w.Raw, "ARGS") && !strings.Contains(w.Raw, "OPTS") {
			return block("which task of %s is run cannot be known: %s", c.Program, w.Raw)
		}
	}
	if slices.ContainsFunc(c.Args, func(w shell.Word) bool { return match.Words("-v --version -version clean wrapper --stop")[w.Lit] }) && len(c.Args) == 1 {
		return verdict.Step{Reason: "does the same on every platform"}, true
	}
	if fetches(c) {
		return verdict.Step{Reason: "fetches libraries for the stage itself", Fetches: true}, true
	}
	step := verdict.Step{Compiles: true, Reason: "makes jars, which are the same on every platform",
		Review: "a jar is the same on every platform if no library in it is in machine code and chosen for the machine that builds"}
	for _, file := range []string{"pom.xml", "build.gradle", "build.gradle.kts", "build.sbt"} {
		text := string(c.ContextFile(file))
		if text == "" {
			continue
		}
		if line := choosesByMachine(text); line != "" {
			return block("%s chooses libraries for the machine that builds: `%s`", file, line)
		}
		step.Review = fmt.Sprintf("%s asks for no library of one machine by name, but what its plugins and libraries do was not followed", file)
	}
	return step, true
}

// javaFetches matches the goals and tasks that only fill a cache: those of Maven's dependency plugin and of the one for going
// offline, Gradle's and those that builds call so, sbt's update, Leiningen's deps. sameTasks go along with them.
var (
	javaFetches = match.Pattern(`^(dependency:(go-offline|resolve|resolve-plugins|resolve-sources|tree|list|get|copy-dependencies)|.*dependency-plugin(:[\d.]+)?:(go-offline|resolve|resolve-plugins|tree|copy-dependencies)|` +
		`.*:(go-offline|resolve-dependencies)|(:?[\w-]+:)*(dependencies|buildEnvironment|downloadDependencies|resolveDependencies|resolveAllDependencies)|deps|update)$`)
	sameTasks = match.Words("clean validate help -P -Stree")
	// javaWithValue are options with a value in the next word.
	javaWithValue = match.Words(`-f --file -s --settings -gs --global-settings -pl --projects -P --activate-profiles -T --threads -rf --resume-from -b --builder
		-l --log-file -x --exclude-task -p --project-dir -c --settings-file -I --init-script -g --gradle-user-home --console --configuration`)
)

// fetches reports whether a command fills a cache and does nothing else.
func fetches(c *verdict.Call) bool {
	found := false
	for i := 0; i < len(c.Args); i++ {
		switch w := strings.Trim(c.Args[i].Raw, `"'`); {
		case clojure[c.Program]:
			found = found || w == "-P" || w == "-Stree" // nothing is run with these, whatever else stands there
		case javaWithValue[w]:
			i++
		case javaFetches().MatchString(w) || w == "--refresh-dependencies":
			found = true
		case !strings.HasPrefix(w, "-") && !sameTasks[w]:
			return false
		}
	}
	return found
}

var clojure = match.Words("clojure clj")

// machineInBuild matches the properties with which a build file asks for the machine: those of
// os-maven-plugin, its Gradle counterpart, JavaCPP and OpenJFX. An artifact of type exe is a tool that
// the build runs itself, such as protoc.
var machineInBuild = match.Pattern(`os\.detected|osdetector|\bos\.arch\b|javacppPlatform|javacpp\.platform|<classifier>\s*(linux|windows|osx)-|:(linux|osx)-(x86_64|aarch_64|amd64|aarch64)\b|org\.openjfx|native-maven-plugin|org\.graalvm\.buildtools`)

// choosesByMachine returns the first line of a build file that makes the result depend on the machine,
// or "".
func choosesByMachine(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !machineInBuild().MatchString(line) || strings.Contains(line, ":exe:") || strings.Contains(line, "os-maven-plugin") || strings.HasPrefix(line, "//") ||
			strings.Contains(line, "osdetector-gradle-plugin") || strings.HasPrefix(line, "id") && strings.Contains(line, "osdetector") || strings.Contains(line, "@exe") {
			continue
		}
		return line
	}
	return ""
}
