package workflows_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

// fill sets every field below v, so that one that is not carried is missed.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64, reflect.Float32:
		v.SetFloat(1.5)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(7 * time.Second))
	default:
		panic("a field of kind " + v.Kind().String() + ": teach this test")
	}
}

// TestEverythingIsCarried guards continue-as-new against a field that JSON drops.
func TestEverythingIsCarried(t *testing.T) {
	t.Parallel()
	var before, after workflows.Carried
	fill(reflect.ValueOf(&before).Elem(), 0)
	before.Version = 1 // of a later one nothing else is read
	raw, err := json.Marshal(before)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &after))
	require.Equal(t, before, after)
}

// TestRequestsOfRangesAreCarried is the same for ranges, and for the gate.
func TestRequestsOfRangesAreCarried(t *testing.T) {
	t.Parallel()
	var before, after workflows.RangeRequest
	fill(reflect.ValueOf(&before).Elem(), 0)
	raw, err := json.Marshal(before)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &after))
	require.Equal(t, before, after)

	var gate, again workflows.GateState
	fill(reflect.ValueOf(&gate).Elem(), 0)
	raw, err = json.Marshal(gate)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &again))
	require.Equal(t, gate, again)
}
