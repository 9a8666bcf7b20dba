package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/reembed/reembed/backends"
)

// margin is how many more than the asked are scored exactly: sqlite-vec adds up
// in float32, and may take near neighbours for each other.
const margin = 16

// Search ranks all vectors in SQL, then scores the best with Metric.Score.
func (g *Generation) Search(ctx context.Context, q backends.Query) ([]backends.Hit, error) {
	if err := g.spec.CheckQuery(q); err != nil {
		return nil, g.failed("search", err)
	}
	query := fmt.Sprintf("SELECT id, vector FROM %[1]s WHERE rowid IN (SELECT rowid FROM %[1]s ORDER BY %[2]s, id LIMIT ?)",
		g.keys.table, distance(g.spec.Metric))
	args := []any{appendVector(nil, q.Vector), min(int64(q.K), math.MaxInt32) + margin}
	var hits []backends.Hit
	err := g.store.rows(ctx, query, args, func(rows *sql.Rows) error {
		var id string
		var vector sql.RawBytes
		if err := rows.Scan(&id, &vector); err != nil {
			return fmt.Errorf("scan hit: %w", err)
		}
		hits = append(hits, backends.Hit{ID: id, Score: g.spec.Metric.Score(q.Vector, decodeVector(vector))})
		return nil
	})
	if err != nil {
		return nil, g.failed("search", err)
	}
	slices.SortFunc(hits, backends.CompareHits)
	return hits[:min(q.K, len(hits))], nil
}

// distance is the SQL expression by which vectors are ranked. A zero vector has
// no cosine (NULL in SQL), and scores 0.
func distance(m backends.Metric) string {
	switch m {
	case backends.Dot:
		return "-reembed_dot(vector, ?)"
	case backends.Euclidean:
		return "vec_distance_L2(vector, ?)"
	default:
		return "ifnull(vec_distance_cosine(vector, ?), 1)"
	}
}
