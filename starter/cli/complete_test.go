package cli_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/cli"
)

// A server that takes connections and says nothing: the person behind Tab gets
// the line back all the same.
func TestCompletionDoesNotHang(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer mute.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, errs strings.Builder
	args := []string{"__complete", "status", "--address", mute.Addr().String(), ""}
	require.Zero(t, cli.Run(ctx, args, nil, strings.NewReader(""), &out, &errs))
	require.NoError(t, ctx.Err())
	require.Equal(t, ":36\n", out.String())
}
