package catalog

import (
	"fmt"
	"strings"
)

// PublishWarning says what a published name can't do.
func PublishWarning(name string) string {
	return fmt.Sprintf("publish: a client that embeds its query before a switch and searches %s behind it asks the wrong space, "+
		"and with equal dimensions nothing tells; who can reads model and place in the route", name)
}

// checkPublish reports a name that the store can't show anything under. That
// something else has it already is found when it is published.
func (l *loader) checkPublish(f *Fields, ns Namespace, driver string, d StoreDriver) {
	for _, other := range l.catalog.Namespaces {
		if ns.Publish != "" && other.Store == ns.Store && strings.EqualFold(other.Publish, ns.Publish) {
			f.Problem("publish", "%s is the name of namespace %s, too: choose another", f.quote("publish"), other.Name)
		}
	}
	switch {
	case ns.Publish == "":
	case !d.Publishes:
		f.Problem("publish", "a store of driver %s can't publish: remove it", driver)
	case strings.EqualFold(ns.Publish, ns.table):
		f.Problem("publish", "%s is the table of the items: choose another name", f.quote("publish"))
	case d.CheckPublish != nil:
		if err := d.CheckPublish(ns.Publish); err != nil {
			f.Problem("publish", "%s", err)
		}
	}
}
