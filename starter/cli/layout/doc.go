// Package layout lays out what the commands print for people: lines, names with
// their values, and tables. It knows nothing of jobs.
//
// A [Screen] says where that goes, and is the one place that decides on width and
// colour. On a terminal a table fits the width: the columns that matter least are
// shortened first, then left out, which a last line tells; those that are to be
// copied - ids - are never touched. In a pipe or a file every line has its full
// width, nothing is cut, and there are no colours.
//
// Widths are columns of the terminal, not bytes or characters: 界 has two, a
// combining accent none. What could move a terminal's cursor is written escaped.
package layout
