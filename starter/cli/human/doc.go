// Package human writes numbers the way people read them.
package human
