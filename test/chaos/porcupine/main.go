// Searches for an order of the operations on each version of a history that test/chaos has recorded, with porcupine, and
// compares what it finds with what our own search says.
//
//	porcupine history.jsonl
//
// It reads the lines of type "register" and passes over all others. It prints one JSON object and ends with 0, also when
// the two do not agree: that is for its caller to judge.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// absent is the state of a version that is not there. No content is called so.
const absent = ""

type operation struct {
	Client   string   `json:"client"`
	Kind     string   `json:"kind"`
	Value    *string  `json:"value"`
	From     *string  `json:"from"`
	Start    float64  `json:"start"`
	End      *float64 `json:"end"`
	Required bool     `json:"required"`
}

type register struct {
	Type         string      `json:"type"`
	Round        int         `json:"round"`
	Version      string      `json:"version"`
	Initial      *string     `json:"initial"`
	Lenient      bool        `json:"lenient"`
	Linearizable bool        `json:"linearizable"`
	Operations   []operation `json:"operations"`
}

type opinion struct {
	Checked       int      `json:"checked"`
	Disagreements []string `json:"disagreements"`
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: porcupine history.jsonl")
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fail(err.Error())
	}
	defer file.Close()
	result := opinion{Disagreements: []string{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var found register
		if err := json.Unmarshal(lines.Bytes(), &found); err != nil {
			fail(err.Error())
		}
		if found.Type != "register" {
			continue
		}
		result.Checked++
		said := check(found)
		if said != found.Linearizable {
			result.Disagreements = append(result.Disagreements,
				fmt.Sprintf("round %d, %s: porcupine says %v", found.Round, found.Version, said))
		}
	}
	if err := lines.Err(); err != nil {
		fail(err.Error())
	}
	text, err := json.Marshal(result)
	if err != nil {
		fail(err.Error())
	}
	fmt.Println(string(text))
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(1)
}

func check(found register) bool {
	history := make([]porcupine.Operation, len(found.Operations))
	for i, each := range found.Operations {
		end := int64(math.MaxInt64)
		if each.End != nil {
			end = nanoseconds(*each.End)
		}
		history[i] = porcupine.Operation{ClientId: i, Input: each, Call: nanoseconds(each.Start), Return: end}
	}
	model := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{text(found.Initial)} },
		Step: func(state, input, _ interface{}) []interface{} {
			return step(state.(string), input.(operation), found.Lenient)
		},
		Equal: func(a, b interface{}) bool { return a == b },
	}
	verdict := porcupine.CheckOperationsTimeout(model.ToModel(), history, time.Minute)
	if verdict == porcupine.Unknown {
		fail(fmt.Sprintf("round %d, %s: no answer within a minute", found.Round, found.Version))
	}
	return verdict == porcupine.Ok
}

func nanoseconds(milliseconds float64) int64 {
	return int64(math.Round(milliseconds * 1e6))
}

func text(value *string) string {
	if value == nil {
		return absent
	}
	return *value
}

// step gives the states after an operation. One that need not have taken effect may also leave the state as it is.
func step(state string, op operation, lenient bool) []interface{} {
	next := []interface{}{}
	if after, ok := apply(state, op, lenient); ok {
		next = append(next, after)
	}
	if !op.Required && (len(next) == 0 || next[0] != state) {
		next = append(next, state)
	}
	return next
}

// apply is the register: what an operation makes of a state, and whether it can occur there.
func apply(state string, op operation, lenient bool) (string, bool) {
	value := text(op.Value)
	switch op.Kind {
	case "read":
		return state, state == value
	case "exists":
		return state, state != absent
	case "set":
		return value, state == absent || state == value || lenient
	case "overwrite":
		return value, true
	case "remove":
		if state == value {
			return absent, true
		}
		return state, state == absent || lenient
	case "clear":
		return absent, true
	case "fill":
		if state == absent {
			return value, true
		}
		return state, true
	case "exchange":
		if state == absent || (op.From != nil && state == *op.From) {
			return value, true
		}
		return state, true
	}
	fail("unknown kind of operation: " + op.Kind)
	return state, false
}
