// Package hooks asks and tells what a catalog names around a switch: a command,
// which gets the message as JSON on its standard input, or an address, to which it
// is posted. What a message holds is who, from where, to where - never a text or a
// vector.
//
// A veto hook allows by exit code 0, or by a status of 2xx. Any other is a
// [Refused], with the reason in a line: the first one that the command printed, or
// the status. A hook that can't be run, does not end in time or does not answer
// has said nothing, which is another error: whoever asked must not go on either.
//
// A message may be delivered twice, when an answer was lost: its Delivery is the
// same then.
package hooks
