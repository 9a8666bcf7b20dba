package activities

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
)

// opened is what a job works on, as this worker's catalog has it.
type opened struct {
	job       Job
	namespace catalog.Namespace
	model     backends.Model // the target
	source    backends.Source
	index     backends.Index
	registry  backends.Registry
	embedder  backends.Embedder // of the target
}

// open opens what the job names, and refuses it when this worker's catalog
// means another model by the same name.
func (a *Activities) open(ctx context.Context, job Job) (opened, error) {
	o := opened{job: job}
	var err error
	if o.namespace, err = a.World.Namespace(job.Namespace); err != nil {
		return o, because(errCatalogMismatch, "%w", err)
	}
	if o.model, err = a.World.Model(job.To.Name); err != nil {
		return o, because(errCatalogMismatch, "%w", err)
	}
	if o.model.Fingerprint() != job.Fingerprint {
		return o, because(errCatalogMismatch, "catalog %s of the worker on %s gives model %s another fingerprint: %s",
			a.World.Catalog().File, hostname(), job.To.Name, Differences(job.To, o.model))
	}
	if o.source, err = a.World.SourceOf(ctx, job.Namespace, job.Source); err != nil {
		return o, err
	}
	if o.index, err = a.World.Index(ctx, job.Namespace); err != nil {
		return o, err
	}
	if o.registry, err = a.World.Registry(ctx, job.Namespace); err != nil {
		return o, err
	}
	o.embedder, err = a.World.Embedder(job.To.Name)
	return o, err
}

// Differences names the catalog keys in which two models of one name differ, of
// those that make the fingerprint, with both values.
func Differences(job, here backends.Model) string {
	var keys []string
	for _, k := range []struct {
		key       string
		job, here any
	}{
		{"driver", job.Driver, here.Driver},
		{"provider_model", job.ProviderModel, here.ProviderModel},
		{"dimensions", job.Dimensions, here.Dimensions},
		{"normalized", job.Normalized, here.Normalized},
		{"document_prefix", job.DocumentPrefix, here.DocumentPrefix},
		{"revision", job.Revision, here.Revision},
	} {
		if k.job != k.here {
			keys = append(keys, fmt.Sprintf("%s is %q here, %q in the job", k.key, fmt.Sprint(k.here), fmt.Sprint(k.job)))
		}
	}
	return strings.Join(keys, ", ")
}

// fence returns LEASE_LOST unless the job still holds the namespace.
func (o opened) fence(ctx context.Context) error {
	return leaseLost(records.CheckLease(ctx, o.registry, o.job.Namespace, o.job.Epoch))
}

// target opens the generation that the job fills.
func (o opened) target(ctx context.Context) (backends.Generation, error) {
	g, err := o.index.Open(ctx, o.job.Locator)
	if err != nil {
		return nil, fmt.Errorf("open generation %s: %w", o.job.Locator, err)
	}
	return g, nil
}

// collection opens what the items are read from; nil where they live outside.
func (o opened) collection(ctx context.Context) (backends.Generation, error) {
	if o.job.Source == "" {
		return nil, nil
	}
	g, err := o.index.Open(ctx, o.job.Source)
	if err != nil {
		return nil, fmt.Errorf("open collection %s: %w", o.job.Source, err)
	}
	return g, nil
}

// hostname tells workers apart.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "an unknown host"
	}
	return name
}
