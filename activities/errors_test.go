package activities_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
)

// declared returns the names that a file declares at its top with the prefix,
// with their string values where they are constants.
func declared(t *testing.T, file, prefix string) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	names := map[string]string{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(v.Names[0].Name, prefix) {
				continue
			}
			value := ""
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				value, err = strconv.Unquote(lit.Value)
				require.NoError(t, err)
			}
			names[v.Names[0].Name] = value
		}
	}
	require.NotEmpty(t, names)
	return names
}

// A sentinel that is added to package backends without a row here would be
// retried for ever as INTERNAL.
func TestEverySentinelHasARow(t *testing.T) {
	t.Parallel()
	byName := map[string]error{
		"ErrUnavailable": backends.ErrUnavailable, "ErrThrottled": backends.ErrThrottled,
		"ErrQuotaExhausted": backends.ErrQuotaExhausted, "ErrUnauthorized": backends.ErrUnauthorized,
		"ErrNotFound": backends.ErrNotFound, "ErrUnknownModel": backends.ErrUnknownModel,
		"ErrDimension": backends.ErrDimension, "ErrInvalidInput": backends.ErrInvalidInput,
		"ErrInvalidVector": backends.ErrInvalidVector, "ErrConflict": backends.ErrConflict,
		"ErrUnsupported": backends.ErrUnsupported, "ErrDamaged": backends.ErrDamaged,
		"ErrChangesLost": backends.ErrChangesLost,
	}
	for name := range declared(t, "../backends/errors.go", "Err") {
		sentinel, listed := byName[name]
		require.True(t, listed, "%s is new: give it a row in Failures, and a name here", name)
		rows := 0
		for _, f := range activities.Failures {
			if f.Sentinel == sentinel {
				rows++
			}
		}
		require.Equal(t, 1, rows, name)
	}
	for name := range declared(t, "errors.go", "err") {
		require.NotContains(t, byName, name)
	}
}

func TestEveryCodeHasARow(t *testing.T) {
	t.Parallel()
	codes := declared(t, "errors.go", "Code")
	rows := map[string]int{}
	for _, f := range activities.Failures {
		rows[f.Code]++
		require.NotEmpty(t, f.Advice, f.Code)
		require.Contains(t, []activities.Reaction{activities.Retries, activities.Fails, activities.Pauses, activities.Requeues, activities.Waits}, f.Reaction)
		require.Equal(t, f.Code, activities.FailureOf(f.Code).Code)
	}
	for name, code := range codes {
		require.Equal(t, 1, rows[code], name)
	}
	require.Len(t, rows, len(codes))
	conditions := declared(t, "errors.go", "err")
	raised := 0
	for _, f := range activities.Failures {
		if f.Sentinel != nil {
			raised++
		}
	}
	require.Equal(t, len(declared(t, "../backends/errors.go", "Err"))+len(conditions), raised, "a condition of a job has no row")
}

func TestNonRetryableCodes(t *testing.T) {
	t.Parallel()
	got := activities.NonRetryableCodes()
	require.Contains(t, got, activities.CodeUnauthorized)
	require.Contains(t, got, activities.CodeLeaseLost)
	for _, retried := range []string{
		activities.CodeUnavailable, activities.CodeThrottled, activities.CodeNamespaceBusy, activities.CodeInternal,
	} {
		require.NotContains(t, got, retried)
	}
	require.Equal(t, activities.CodeInternal, activities.FailureOf("no such code").Code)
}
