package vakt

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxText   = 60_000 // bytes of one text; Vakt keeps 64 KiB of a message
	maxValues = 2_000  // values in one line
	maxItems  = 200    // items of one list; Vakt keeps 256 values of a line
	maxDepth  = 20
)

// object is a JSON object with its fields in order.
type object struct {
	names  []string
	values []any
}

func (o *object) index(name string) int {
	for index, known := range o.names {
		if known == name {
			return index
		}
	}
	return -1
}

func (o *object) set(name string, value any) {
	if index := o.index(name); index >= 0 {
		o.values[index] = value
		return
	}
	o.names = append(o.names, name)
	o.values = append(o.values, value)
}

// in gives the object of nested groups.
func (o *object) in(groups []string) *object {
	for _, name := range groups {
		inner, ok := any(nil), false
		if index := o.index(name); index >= 0 {
			inner = o.values[index]
		}
		next, ok := inner.(*object)
		if !ok {
			next = &object{}
			o.set(name, next)
		}
		o = next
	}
	return o
}

// add sets an attribute by the rules of slog: empty ones and empty groups are left out, a group without a name is inlined.
func (o *object) add(name string, value slog.Value) {
	value = value.Resolve()
	if value.Kind() != slog.KindGroup {
		if name != "" || value.Any() != nil {
			o.set(name, value)
		}
		return
	}
	attrs := value.Group()
	if len(attrs) == 0 {
		return
	}
	inner := o
	if name != "" {
		inner = o.in([]string{name})
	}
	for _, attr := range attrs {
		inner.add(attr.Key, attr.Value)
	}
}

// writer writes any value as JSON. A value that cannot be read becomes a text; the line is kept.
type writer struct {
	out  []byte
	left int
	path map[uintptr]bool
}

func (w *writer) text(text string) {
	if len(text) > maxText {
		text = cut(text, maxText)
	}
	quoted, _ := json.Marshal(text)
	w.out = append(w.out, quoted...)
}

func (w *writer) object(o *object, depth int) {
	w.out = append(w.out, '{')
	for index, name := range o.names {
		if index > 0 {
			w.out = append(w.out, ',')
		}
		w.text(name)
		w.out = append(w.out, ':')
		w.value(o.values[index], depth+1)
	}
	w.out = append(w.out, '}')
}

func (w *writer) value(value any, depth int) {
	start := len(w.out)
	defer func() {
		if failure := recover(); failure != nil {
			w.out = w.out[:start]
			w.text(fmt.Sprintf("[%T cannot be read: %v]", value, failure))
		}
	}()
	w.left--
	switch known := value.(type) {
	case nil:
		w.out = append(w.out, "null"...)
		return
	case *object:
		w.object(known, depth)
		return
	case slog.Value:
		w.slogValue(known, depth)
		return
	case string:
		w.text(known)
		return
	case time.Time:
		w.text(known.Format(time.RFC3339Nano))
		return
	case time.Duration:
		w.out = strconv.AppendInt(w.out, int64(known), 10)
		return
	case []byte:
		w.bytes(known)
		return
	case json.Number:
		if !json.Valid([]byte(known)) {
			w.text(string(known))
			return
		}
		w.out = append(w.out, known...)
		return
	case *big.Int:
		if known != nil {
			w.bigInt(known)
			return
		}
	case error:
		if pointer := reflect.ValueOf(known); pointer.Kind() == reflect.Pointer && pointer.IsNil() {
			w.text("<nil>")
			return
		}
		w.error(known, depth)
		return
	}
	w.reflected(reflect.ValueOf(value), depth)
}

func (w *writer) slogValue(value slog.Value, depth int) {
	value = value.Resolve()
	if value.Kind() != slog.KindGroup {
		w.value(value.Any(), depth)
		return
	}
	group := object{}
	group.add("", value)
	w.object(&group, depth)
}

// bytes writes text as text, and anything else as base64.
func (w *writer) bytes(value []byte) {
	if utf8.Valid(value) {
		w.text(string(value))
		return
	}
	encoded, _ := json.Marshal(value[:min(len(value), maxText)])
	w.out = append(w.out, encoded...)
}

// bigInt writes a number of any length; some readers of JSON take a very long one for infinity.
func (w *writer) bigInt(value *big.Int) {
	if value.BitLen() > 1000 {
		w.text(value.String())
		return
	}
	w.out = value.Append(w.out, 10)
}

func (w *writer) float(value float64, bits int) {
	switch {
	case math.IsNaN(value):
		w.text("NaN")
	case math.IsInf(value, 1):
		w.text("Infinity")
	case math.IsInf(value, -1):
		w.text("-Infinity")
	default:
		w.out = strconv.AppendFloat(w.out, value, 'g', -1, bits)
	}
}

func (w *writer) reflected(value reflect.Value, depth int) {
	if !value.IsValid() {
		w.out = append(w.out, "null"...)
		return
	}
	if value.Kind() != reflect.Pointer && value.Kind() != reflect.Interface || !value.IsNil() {
		if w.marshaled(value) {
			return
		}
	}
	switch value.Kind() {
	case reflect.Bool:
		w.out = strconv.AppendBool(w.out, value.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.out = strconv.AppendInt(w.out, value.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.out = strconv.AppendUint(w.out, value.Uint(), 10)
	case reflect.Float32:
		w.float(value.Float(), 32)
	case reflect.Float64:
		w.float(value.Float(), 64)
	case reflect.String:
		w.text(value.String())
	case reflect.Complex64, reflect.Complex128:
		w.text(strconv.FormatComplex(value.Complex(), 'g', -1, 128))
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice:
		if value.IsNil() {
			w.out = append(w.out, "null"...)
			return
		}
		w.nested(value, depth)
	case reflect.Array, reflect.Struct:
		w.nested(value, depth)
	default: // functions, channels, unsafe pointers
		w.text(value.Type().String())
	}
}

// marshaled writes values that know their own JSON or text; false when they do not, or fail to.
func (w *writer) marshaled(value reflect.Value) (done bool) {
	if !value.CanInterface() {
		return false
	}
	start := len(w.out)
	defer func() {
		if recover() != nil {
			w.out, done = w.out[:start], false
		}
	}()
	switch known := value.Interface().(type) {
	case json.Marshaler:
		raw, err := known.MarshalJSON()
		if err != nil || !json.Valid(raw) || len(raw) > 4*maxText {
			return false
		}
		w.out = append(w.out, raw...)
		return true
	case encoding.TextMarshaler:
		text, err := known.MarshalText()
		if err != nil {
			return false
		}
		w.text(string(text))
		return true
	}
	return false
}

// nested writes what has values within: it can be deep, long, or within itself.
func (w *writer) nested(value reflect.Value, depth int) {
	if depth >= maxDepth || w.left <= 0 {
		w.text("…")
		return
	}
	if kind := value.Kind(); kind == reflect.Pointer || kind == reflect.Map || kind == reflect.Slice && value.Len() > 0 {
		address := value.Pointer()
		if w.path[address] {
			w.text("[circular]")
			return
		}
		// The first field of a struct has the address of the struct, so only what can lead back is remembered.
		w.path[address] = true
		defer delete(w.path, address)
	}
	switch value.Kind() {
	case reflect.Interface:
		w.element(value.Elem(), depth)
	case reflect.Pointer:
		if value.Elem().Kind() == reflect.Struct {
			w.fields(value.Elem(), depth)
			return
		}
		w.element(value.Elem(), depth+1)
	case reflect.Map:
		w.entries(value, depth)
	case reflect.Struct:
		w.fields(value, depth)
	default:
		w.items(value, depth)
	}
}

func (w *writer) element(value reflect.Value, depth int) {
	if value.IsValid() && value.CanInterface() {
		w.value(value.Interface(), depth)
		return
	}
	w.left--
	w.reflected(value, depth)
}

func (w *writer) items(value reflect.Value, depth int) {
	if value.Type().Elem().Kind() == reflect.Uint8 && value.Kind() == reflect.Slice {
		w.bytes(value.Bytes())
		return
	}
	w.out = append(w.out, '[')
	for index := 0; index < value.Len(); index++ {
		if index > 0 {
			w.out = append(w.out, ',')
		}
		if w.left <= 0 || index >= maxItems {
			w.text(fmt.Sprintf("… %d more", value.Len()-index))
			break
		}
		w.element(value.Index(index), depth+1)
	}
	w.out = append(w.out, ']')
}

func (w *writer) entries(value reflect.Value, depth int) {
	w.out = append(w.out, '{')
	used := map[string]bool{}
	for entry := value.MapRange(); entry.Next(); {
		name := "…"
		if w.left > 0 {
			name = keyText(entry.Key())
		}
		for used[name] {
			name += "_"
		}
		if len(used) > 0 {
			w.out = append(w.out, ',')
		}
		used[name] = true
		w.text(name)
		w.out = append(w.out, ':')
		if w.left <= 0 {
			w.text("…")
			break
		}
		w.element(entry.Value(), depth+1)
	}
	w.out = append(w.out, '}')
}

// fields writes the exported fields of a struct by the names of their JSON tags; embedded structs are inlined.
func (w *writer) fields(value reflect.Value, depth int) {
	w.out = append(w.out, '{')
	used := map[string]bool{}
	w.ownFields(value, depth, used)
	w.out = append(w.out, '}')
}

func (w *writer) ownFields(value reflect.Value, depth int, used map[string]bool) {
	for index := 0; index < value.NumField(); index++ {
		field := value.Type().Field(index)
		tag, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && tag == "" && field.Type.Kind() == reflect.Struct {
			w.ownFields(value.Field(index), depth, used)
			continue
		}
		if !field.IsExported() || tag == "-" && rest == "" || used[firstOf(tag, field.Name)] {
			continue
		}
		if strings.Contains(rest, "omitempty") && value.Field(index).IsZero() {
			continue
		}
		if len(used) > 0 {
			w.out = append(w.out, ',')
		}
		used[firstOf(tag, field.Name)] = true
		w.text(firstOf(tag, field.Name))
		w.out = append(w.out, ':')
		w.element(value.Field(index), depth+1)
	}
}

// error writes a plain error as its text, and one with causes, parts or fields as an object.
func (w *writer) error(err error, depth int) {
	message := errorText(err)
	causes := causesOf(err)
	fields := errorFields(err)
	if depth >= maxDepth || len(causes) == 0 && fields == nil {
		w.text(message)
		return
	}
	o := object{}
	o.set("type", fmt.Sprintf("%T", err))
	o.set("message", message)
	if fields != nil {
		o.set("fields", json.RawMessage(fields))
	}
	switch len(causes) {
	case 0:
	case 1:
		o.set("cause", causes[0])
	default:
		o.set("errors", causes)
	}
	w.object(&o, depth)
}

// causesOf gives the error below, or the errors that were joined; those that end in themselves are cut by the depth.
func causesOf(err error) (causes []error) {
	defer func() { _ = recover() }()
	switch known := err.(type) {
	case interface{ Unwrap() []error }:
		return known.Unwrap()
	case interface{ Unwrap() error }:
		if cause := known.Unwrap(); cause != nil {
			return []error{cause}
		}
	}
	return nil
}

// errorFields gives the exported fields of an error that is a struct, but for those that hold its cause; nil when it has none.
func errorFields(err error) []byte {
	value := reflect.ValueOf(err)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if value.Kind() != reflect.Struct {
		return nil
	}
	errorType := reflect.TypeOf((*error)(nil)).Elem()
	o := object{}
	for index := 0; index < value.NumField(); index++ {
		field := value.Type().Field(index)
		if field.IsExported() && !field.Type.Implements(errorType) {
			o.set(field.Name, value.Field(index).Interface())
		}
	}
	if len(o.names) == 0 {
		return nil
	}
	inner := &writer{left: 100, path: map[uintptr]bool{}}
	inner.object(&o, maxDepth-6)
	return inner.out
}

func errorText(err error) (text string) {
	defer func() {
		if failure := recover(); failure != nil { // Usually a nil pointer in an interface.
			text = fmt.Sprintf("[%T cannot be read: %v]", err, failure)
		}
	}()
	return err.Error()
}

// stackOf gives the stack of an error that has one, as those of the usual libraries show with %+v.
func stackOf(err error) (stack string) {
	defer func() { _ = recover() }()
	if _, ok := err.(fmt.Formatter); !ok {
		return ""
	}
	if text := fmt.Sprintf("%+v", err); strings.Contains(text, "\n") {
		return text
	}
	return ""
}

func keyText(key reflect.Value) (text string) {
	defer func() {
		if failure := recover(); failure != nil {
			text = fmt.Sprintf("[%s cannot be read: %v]", key.Type(), failure)
		}
	}()
	for key.Kind() == reflect.Interface && !key.IsNil() {
		key = key.Elem()
	}
	if key.Kind() == reflect.String {
		return key.String()
	}
	inner := &writer{left: 100, path: map[uintptr]bool{}}
	inner.element(key, maxDepth-6)
	if plain, err := strconv.Unquote(string(inner.out)); err == nil {
		return plain
	}
	return string(inner.out)
}

func cut(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	half := longest / 2
	return strings.ToValidUTF8(fmt.Sprintf("%s… %d bytes are cut …%s", text[:half], len(text)-2*half, text[len(text)-half:]), "")
}
