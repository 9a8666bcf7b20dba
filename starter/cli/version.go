package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/spf13/cobra"
)

// version is what `reembed version -o json` prints.
type version struct {
	Version  string `json:"version"`            // of the module; "(devel)" for a build from a folder
	Revision string `json:"revision,omitempty"` // of the commit
	Modified bool   `json:"modified,omitempty"` // built with uncommitted changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", GroupID: groupMore, Args: cobra.NoArgs,
		Example: "  reembed version -o json",
		RunE: func(*cobra.Command, []string) error {
			v := buildVersion()
			return a.print(v, func(p *layout.Page) {
				p.Pair("reembed", v.Version)
				p.Some("revision", v.Revision)
				p.Pair("go", v.Go+" "+v.Platform)
			})
		},
	}
}

func buildVersion() version {
	v := version{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
