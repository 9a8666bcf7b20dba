// Package sqlite is the store in one file, for one host: items, generations and
// registry in an SQLite database that several processes open at once.
//
// # Files and processes
//
// The database is in WAL mode: readers never wait, writers wait for each other,
// at most Config.BusyTimeout. Inside a process all writes go through one
// connection. Every write is one transaction that takes the write lock when it
// begins. Vectors are written with synchronous=NORMAL: a lost machine may lose
// the last transactions, whole, and sync finds what is missing. Index.Finish
// makes them durable, before a route points at them: the registry may be in
// another file. All else is written with synchronous=FULL, as nobody would find
// it missing: items, what generations there are, and the registry, where a
// version, once given, stays given. Beside the file there is its log, of up to
// 128 MiB and a little more, whose pages move into the database while writes go on.
//
// # Physical schema
//
// These tables are a public contract: applications may read them with SQL, from
// any language, while jobs run. Schema version 2;
// a file of version 1 is brought up to date when it is opened, and programs that
// know version 1 only refuse it from then on:
//
//	reembed_schema(version INTEGER)
//	    one row: the version of this schema
//
//	reembed_registry(kind TEXT, key TEXT, version INTEGER, value TEXT)
//	    the registry, value is JSON. Which table a namespace is searched in:
//	    SELECT value ->> 'locator', value ->> 'model' FROM reembed_registry
//	     WHERE kind = 'route' AND key = 'NAMESPACE'
//	    Read both in one statement: a query belongs to its model's table.
//
//	reembed_versions(last INTEGER)
//	    one row: the last version given to a registry record, of any key, or
//	    used up by Index.Finish
//
//	reembed_generations(locator TEXT, namespace TEXT, model TEXT,
//	    fingerprint TEXT, dimensions INTEGER, metric TEXT, created_at TEXT)
//	    what generations exist; each is the table named by its locator. created_at
//	    is like 2026-11-24T15:39:14Z; '' for those made before version 2
//
//	LOCATOR(id TEXT PRIMARY KEY, stamp TEXT, vector BLOB)
//	    a generation: vector is little-endian float32, 4 bytes a dimension, the
//	    form that sqlite-vec takes; stamp is backends.Stamp.String. The locator
//	    is reembed_<namespace>_<fingerprint>, and never changes.
//
//	reembed_consumers(consumer INTEGER, source TEXT, name TEXT, kind TEXT,
//	    definition TEXT, mark INTEGER, pending INTEGER, bytes INTEGER,
//	    max_bytes INTEGER, since ANY)
//	    who has changes of the table source kept: name is a generation's locator.
//	    By journal: the last mark that was given, and number and bytes of what is
//	    kept; more bytes than max_bytes are lost changes. By changed_at: since
//	    which time changes are looked for
//
//	reembed_changes(consumer INTEGER, mark INTEGER, id TEXT)
//	    the journal: the last change of each item that was not acknowledged.
//	    Written by triggers on the items' table, reembed_capture_<consumer>_...
//
//	reembed_seen(consumer INTEGER, id TEXT, mark TEXT, changed_at ANY)
//	    by changed_at: what was acknowledged, as long as it lies in the overlap
//
// Payloads are not copied: a search joins the items' own table by id. A
// generation has a trigger that clears the stamp of a record whose vector
// somebody else updates, so that the next sync makes it right again.
//
// # Tables of items
//
// A [Table] is the application's: which columns are key, text and payload is
// said in [Table]. Ids are the keys as text; ranges and cursors are ids, compared by the
// key column's own collation, so no encoding is needed. Keys have to be TEXT or
// INTEGER, and unique. A row whose text is NULL, a BLOB or not UTF-8, or whose
// id is too long, is returned with a Defect; a key that has no id at all (NULL,
// BLOB, empty, not UTF-8) is an ErrInvalidInput with the SQL that finds it,
// because leaving it out in silence would lose an item.
//
// # Changes
//
// Table.Capture says how a [backends.Capture] notices them. CaptureJournal puts
// triggers on the table, see docs/sql.md; they are made and dropped with their
// consumer, and compared with what they have to be at each look: a table that was
// made anew has none. A view or a virtual table can have none: ErrUnsupported.
// CaptureChangedAt compares a column of the application's with the time that a
// consumer has reached, less Table.Overlap. It takes INTEGER seconds or milliseconds
// since 1970, or TEXT like "2026-11-24 15:39:14" or "2026-11-24T15:39:14.123Z", in
// UTC and of one kind in all rows; all else is ErrUnsupported. It sees no deletes.
//
// # Search
//
// Every search is exact. sqlite-vec ranks all vectors inside the database, in
// float32; the best, and a few more, are then scored with Metric.Score in float64.
package sqlite
