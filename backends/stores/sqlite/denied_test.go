package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

const nobody = 65534

// denied tries to write as somebody whom the modes bind, and prints what came of it.
func denied(ctx context.Context, path string) error {
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err == nil {
		_, err = s.Registry().Put(ctx, "kind", "key", 0, []byte("{}"))
		err = errors.Join(err, s.Close())
	}
	fmt.Printf("%t %v\n", errors.Is(err, backends.ErrUnauthorized), err)
	return nil
}

// TestModesAreObeyed: a file that may not be written, and a folder in which no
// log can be made, are told from what passes, with what to look at.
func TestModesAreObeyed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, folder os.FileMode }{
		"file":        {0o444, 0o777},
		"folder":      {0o666, 0o555},
		"both":        {0o444, 0o555},
		"no file yet": {0, 0o555},
		"unreadable":  {0o000, 0o777},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "db")
			require.NoError(t, os.Mkdir(dir, 0o777))
			for _, above := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} {
				require.NoError(t, os.Chmod(above, 0o755))
			}
			path := filepath.Join(dir, "store.db")
			if name != "no file yet" {
				require.NoError(t, openStore(t, path).Close())
				require.NoError(t, os.Chmod(path, c.file))
			}
			require.NoError(t, os.Chmod(dir, c.folder))
			t.Cleanup(func() { require.NoError(t, os.Chmod(dir, 0o755)) })
			out, err := command(t, "denied", path).Output()
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(out), "true "), string(out))
			require.Contains(t, string(out), "see owner and mode of the file and of its folder")
			require.Contains(t, string(out), path)
		})
	}
}
