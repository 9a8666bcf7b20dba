package version_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/cmd/version"
)

func TestString(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^\S+ \(`+runtime.Version()+` \w+/\w+\)$`, version.String())
}
