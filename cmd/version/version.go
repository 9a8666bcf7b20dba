package version

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// String is the module's version with the Go version and the platform, such as
// "v1.2.0 (go1.26.0 linux/amd64)". A build from a working folder has the version
// that the go command makes of its commit, or "(devel)".
func String() string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(info.Main.Version, version)
	}
	return fmt.Sprintf("%s (%s %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
