package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/starter/cli/progress"
	"github.com/reembed/reembed/starter/environ"
	"github.com/reembed/reembed/workflows"
)

func (d *demo) bringUp(ctx context.Context) (err error) {
	d.title("1. A Temporal dev server and a worker")
	if d.home, err = settle(d.dir); err != nil {
		return err
	}
	if err := d.crew.muster(ctx, d.env, d.home); err != nil {
		return err
	}
	d.client, err = starter.Dial(ctx, starter.Options{
		Env: d.crew.env, WebUI: d.crew.server.UIURL(),
	})
	if err != nil {
		return err
	}
	d.say("Temporal  %s\nWeb UI    %s\nworker    pid %d, http://%s/metrics\ncatalog   %s",
		d.crew.server.Address(), d.crew.server.UIURL(), d.crew.worker.Pid(), d.crew.http, quoted(d.home.catalog))
	return nil
}

func (d *demo) importCorpus(ctx context.Context) error {
	d.title("2. A real corpus: the doc comments of Go's standard library, embedded with %s", oldModel)
	n, err := d.home.gather(ctx)
	if err != nil {
		return err
	}
	d.say("%d documented symbols and packages", n)
	return d.run(ctx, "import", d.home.corpus, "--namespace", namespace)
}

func (d *demo) searchBefore(ctx context.Context) error {
	d.title("3. Searches with the old model")
	return d.search(ctx)
}

func (d *demo) reembed(ctx context.Context) (err error) {
	d.title("4. Re-embedding with %s; the worker is killed in the middle", newModel)
	d.say("$ reembed start %s --from %s --to %s --wait", namespace, oldModel, newModel)
	d.job, err = d.client.Start(ctx, workflows.Request{Namespace: namespace, From: oldModel, To: newModel}, starter.StartOptions{})
	if err != nil {
		return err
	}
	d.say("job       %s\nWeb UI    %s", d.job.ID, d.client.WebURL(d.job))
	if d.lost.before, err = sentSoFar(d.home); err != nil {
		return err
	}
	bar := d.bar()
	killed := false
	var trouble error
	wctx, stop := context.WithCancel(ctx)
	defer stop()
	d.final, err = d.client.Watch(wctx, d.job, bar.Every(), func(s workflows.Status) {
		bar.Show(s)
		p := s.Progress
		switch {
		case s.Phase == workflows.Preparing || s.Phase == workflows.Planning:
			d.lost.before, trouble = sentSoFar(d.home)
		case !killed && s.Phase == workflows.Copying && p.ItemsDone*10 >= p.ItemsTotal*4:
			killed = true
			trouble = errors.Join(bar.Close(), d.killWorker(ctx))
			bar = d.bar()
		}
		if trouble != nil {
			stop()
		}
	})
	if err = errors.Join(trouble, bar.Close(), err); err != nil {
		return err
	}
	if d.final.State != workflows.Completed {
		return fmt.Errorf("the job is %s: %s %s", d.final.State, d.final.ErrorCode, d.final.Reason)
	}
	if !killed {
		return errors.New("the job was over before the worker could be killed")
	}
	return nil
}

// killWorker ends the worker without a word, looks at what it leaves, and starts another.
func (d *demo) killWorker(ctx context.Context) error {
	pid := d.crew.worker.Pid()
	d.say("\n*** kill -9 %d: the worker dies in the middle of its work", pid)
	if err := d.crew.worker.Kill(); err != nil {
		return err
	}
	if err := d.lost.count(ctx, d.home, d.crew.env); err != nil {
		return err
	}
	if err := d.crew.hire(); err != nil {
		return err
	}
	d.say("*** %d vectors are written; another worker, pid %d, goes on from there\n", d.lost.written, d.crew.worker.Pid())
	return nil
}

func (d *demo) searchAfter(ctx context.Context) error {
	d.title("5. The same searches, by the same route: now with the new model")
	return d.search(ctx)
}

func (d *demo) report(ctx context.Context) error {
	d.title("6. What came of it")
	s := d.final
	if s.Verification == nil || s.Verification.Quality == nil || s.Verification.Quality.Before == nil || s.Route == nil {
		return errors.New("the job's result has no verification, quality or route")
	}
	q := s.Verification.Quality
	d.say("%-14s %12s %12s   over %d questions with known answers", "", "nDCG@10", "recall@10", q.Queries)
	d.say("%-14s %12.3f %12.3f", oldModel, q.Before.NDCG10, q.Before.Recall10)
	d.say("%-14s %12.3f %12.3f\n", newModel, q.After.NDCG10, q.After.Recall10)
	twice, err := d.lost.again(d.home)
	if err != nil {
		return err
	}
	d.say("job            %s, %s, %s", s.Job, s.State, s.FinishedAt.Sub(s.StartedAt).Round(100*time.Millisecond))
	d.say("verification   %s (%d items, %d records, %d embedded again, cosine at least %.4f)", s.Verification.Summary(),
		s.Verification.Items, s.Verification.Records, s.Verification.Sampled, s.Verification.MinCosine)
	d.say("route          %s -> %s, generation %d", s.Route.Namespace, s.Route.Locator, s.Route.Generation)
	d.say("the kill       %d vectors kept, %d texts were on their way and embedded twice", d.lost.written, twice)
	if err := d.reportSoak(ctx); err != nil {
		return err
	}
	d.say("Web UI         %s", d.client.WebURL(d.job))
	return nil
}

// reportSoak tells of the way back, once it is open.
func (d *demo) reportSoak(ctx context.Context) error {
	if d.final.Soak == "" {
		return errors.New("the job has armed no soak")
	}
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		s, err := d.client.Soak(ctx, namespace)
		switch {
		case err != nil && !errors.Is(err, starter.ErrNoWorker):
			return err
		case s.Phase.Final() || err == nil && s.Standby.ErrorCode != "":
			return fmt.Errorf("the soak is %s: %s %s", s.Phase, s.Reason, s.Standby.LastError)
		case err == nil && s.Standby.SyncedAt != nil:
			d.say("soak           %s is kept in step for %s; a rollback %s", oldModel, s.Until.Sub(*s.Since), s.Rollback)
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *demo) stay(ctx context.Context) error {
	d.title("It stays up: play with it from another terminal. Ctrl-C ends it.")
	d.say("export TEMPORAL_ADDRESS=%s REEMBED_CATALOG=%s PATH=\"$PWD/bin:$PATH\"", d.crew.server.Address(), d.home.catalog)
	for _, c := range []string{
		"reembed status " + d.job.ID,
		"reembed search " + namespace + ` "read a file line by line"`,
		"reembed diff " + namespace,
		"reembed soak " + namespace,
		"reembed rollback " + namespace + " --wait",
		"temporal workflow list",
	} {
		d.say("%s", c)
	}
	select {
	case <-ctx.Done():
		d.say("")
		return nil
	case <-d.crew.server.Done():
		return errors.New("the dev server ended by itself")
	case <-d.crew.worker.Done():
		return errors.New("the worker ended by itself: see its log beside the catalog")
	}
}

// bar shows progress as a live bar on a terminal, and as lines elsewhere.
func (d *demo) bar() *progress.Renderer {
	return progress.New(d.out, progress.Options{Screen: layout.Of(d.out, environ.List(d.env).Get, false)})
}
