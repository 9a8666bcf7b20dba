// Package progress shows how far a job is: on a terminal as a bar that is drawn
// over and over in one line, with a line left behind for each finished phase;
// elsewhere as plain lines, one for each phase and one every few seconds.
//
//	r := progress.New(os.Stderr, progress.Options{Terminal: true})
//	status, err := client.Watch(ctx, job, r.Every(), r.Show)
//	err = errors.Join(err, r.Close())
package progress
