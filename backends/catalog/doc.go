// Package catalog turns the YAML file that declares stores, embedders, models
// and namespaces into opened ones. A [Catalog] is the file, read strictly; a
// [World] opens what it names when it is needed, and hands it out behind the
// roles of package backends.
//
// The package knows no driver. Which drivers exist is an explicit value,
// [Drivers], that the programs pass in; package builtin has those of this
// repository. Secrets stand in the file only as ${NAME} of an environment
// variable, and in no error.
package catalog
