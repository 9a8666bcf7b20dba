package providertest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// answers is the memory of what is answered.
var answers = sync.Pool{New: func() any { return new([]byte) }}

// embed makes the vectors and sends them, as they are or as a fault wants them.
func (x *exchange) embed() {
	a, f := x.answer()
	if f != nil {
		x.refuse(*f)
		return
	}
	x.pause(x.opts.Latency - time.Since(x.begun))
	if x.fault != nil {
		x.spoil(a)
	}
	body := answers.Get().(*[]byte)
	defer answers.Put(body)
	*body = a.append((*body)[:0])
	if x.fault != nil && x.garble(*body) {
		return
	}
	x.send(http.StatusOK, x.manner.contentType, *body)
}

// answer embeds the texts.
func (x *exchange) answer() (*answer, *failure) {
	dimensions := x.opts.Models[x.model]
	if x.ask.dimensions > 0 {
		var f *failure
		if dimensions, f = x.manner.dimensions(x.model, x.ask.dimensions, dimensions); f != nil {
			return nil, f
		}
	}
	name := x.model
	if x.fault != nil && x.fault.Kind == OtherModel {
		name += " of another time"
	}
	space, err := x.spaces.of(name, dimensions)
	if err != nil {
		return nil, at(failure{status: http.StatusInternalServerError, kind: "server_error", message: err.Error()})
	}
	a := &answer{model: x.model, base64: x.ask.format == "base64", head: x.manner.head(x.id), turn: x.manner.turn}
	if x.manner.answersAs != nil {
		a.model = x.manner.answersAs(x.ask.model, x.model)
	}
	texts := x.cut()
	for _, text := range texts {
		a.tokens += Tokens(text)
	}
	if x.manner.loneEmpty && len(texts) == 1 && texts[0] == "" {
		a.null = true
		return a, nil
	}
	if a.vectors, err = space.embed(x.r.Context(), texts); err != nil {
		panic(http.ErrAbortHandler) // the client left
	}
	x.texts.Add(int64(len(texts)))
	return a, nil
}

// cut is the texts, cut to fit where the dialect does that.
func (x *exchange) cut() []string {
	texts, limit := x.ask.texts, x.manner.inputTokens
	if x.manner.tooLong != nil || limit == 0 {
		return texts
	}
	for i, text := range texts {
		if Tokens(text) > limit {
			texts[i] = strings.ToValidUTF8(text[:4*limit], "")
		}
	}
	return texts
}
