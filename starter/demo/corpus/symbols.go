package corpus

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/token"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Kinds of items, in their payloads.
const (
	KindPackage = "package"
	KindFunc    = "func"
	KindType    = "type"
	KindMethod  = "method"
	KindConst   = "const"
	KindVar     = "var"
)

// Payload is what an item's payload says, in JSON.
type Payload struct {
	Package string `json:"package"` // import path
	Kind    string `json:"kind"`
}

// maxValue is how long the value of a constant or variable may be to be part of
// its declaration.
const maxValue = 120

// reader makes the items of one package. The first error is kept.
type reader struct {
	fset  *token.FileSet
	path  string
	items []backends.Item
	err   error
}

func (r *reader) readAll(p *doc.Package) error {
	r.add(KindPackage, "", "package "+p.Name, p.Doc)
	r.values(p.Consts)
	r.values(p.Vars)
	r.funcs(KindFunc, "", p.Funcs)
	for _, t := range p.Types {
		r.typ(t)
		r.values(t.Consts)
		r.values(t.Vars)
		r.funcs(KindFunc, "", t.Funcs)
		r.funcs(KindMethod, t.Name, t.Methods)
	}
	return r.err
}

// add adds an item, unless nobody documented it.
func (r *reader) add(kind, name, signature, comment string) {
	comment = strings.TrimSpace(comment)
	if comment == "" || r.err != nil {
		return
	}
	payload, err := json.Marshal(Payload{Package: r.path, Kind: kind})
	if err != nil {
		r.err = fmt.Errorf("encode payload: %w", err)
		return
	}
	id := r.path
	if name != "" {
		id += "." + name
	}
	r.items = append(r.items, backends.Item{ID: id, Text: signature + "\n\n" + comment, Payload: payload})
}

func (r *reader) funcs(kind, receiver string, funcs []*doc.Func) {
	for _, f := range funcs {
		name := f.Name
		if receiver != "" {
			name = receiver + "." + name
		}
		decl := *f.Decl
		decl.Doc, decl.Body = nil, nil
		r.add(kind, name, r.print(&decl), f.Doc)
	}
}

// typ adds a type, and the methods of an interface.
func (r *reader) typ(t *doc.Type) {
	for _, spec := range t.Decl.Specs {
		s, ok := spec.(*ast.TypeSpec)
		if !ok || s.Name.Name != t.Name {
			continue
		}
		bare := *s
		bare.Doc, bare.Comment = nil, nil
		bare.Type = withoutNote(s.Type)
		comment := cmp.Or(t.Doc, s.Doc.Text(), s.Comment.Text())
		r.add(KindType, t.Name, r.print(&ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{&bare}}), comment)
		if i, ok := s.Type.(*ast.InterfaceType); ok {
			r.interfaceMethods(t.Name, i)
		}
	}
}

// withoutNote keeps gofmt from noting in a type that something is not shown.
func withoutNote(typ ast.Expr) ast.Expr {
	switch t := typ.(type) {
	case *ast.StructType:
		whole := *t
		whole.Incomplete = false
		return &whole
	case *ast.InterfaceType:
		whole := *t
		whole.Incomplete = false
		return &whole
	}
	return typ
}

func (r *reader) interfaceMethods(typ string, i *ast.InterfaceType) {
	for _, m := range i.Methods.List {
		signature, ok := m.Type.(*ast.FuncType)
		if !ok || len(m.Names) == 0 || !m.Names[0].IsExported() {
			continue
		}
		name := typ + "." + m.Names[0].Name
		decl := strings.Replace(r.print(signature), "func", "func ("+typ+") "+m.Names[0].Name, 1)
		r.add(KindMethod, name, decl, cmp.Or(m.Doc.Text(), m.Comment.Text()))
	}
}

// values adds constants and variables, each with its own comment or else that
// of its group.
func (r *reader) values(groups []*doc.Value) {
	for _, group := range groups {
		for _, spec := range group.Decl.Specs {
			s, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			comment := cmp.Or(s.Doc.Text(), s.Comment.Text(), group.Doc)
			for i, name := range s.Names {
				if name.IsExported() {
					r.add(group.Decl.Tok.String(), name.Name, r.value(group.Decl.Tok, s, i), comment)
				}
			}
		}
	}
}

// value is the declaration of one name, with its value where that is short.
func (r *reader) value(tok token.Token, s *ast.ValueSpec, i int) string {
	out := tok.String() + " " + s.Names[i].Name
	if s.Type != nil {
		out += " " + r.print(s.Type)
	}
	if i < len(s.Values) {
		if v := r.print(s.Values[i]); len(v) <= maxValue && !strings.Contains(v, "\n") {
			out += " = " + v
		}
	}
	return out
}

// print formats a node as gofmt would, with the comments of fields.
func (r *reader) print(node any) string {
	var b bytes.Buffer
	if err := format.Node(&b, r.fset, node); err != nil && r.err == nil {
		r.err = fmt.Errorf("print a declaration: %w", err)
	}
	return b.String()
}
