// Package intercept puts a function around every call of every role of package
// backends. It is what decorators are made of: package observed measures calls,
// package faulty makes them fail, and neither repeats the roles' methods.
//
// A decorated [backends.Index] hands out decorated generations. Methods that
// only tell what was configured (Model, Limits, Traits, Locator, Spec) touch no
// backend and are not intercepted. Each wrapper has Unwrap, so that abilities
// are found behind it with [backends.As]. Calls of [backends.Capture] and of
// [backends.ConditionalWriter] are intercepted where the wrapped thing has them;
// calls of other abilities are not.
package intercept
