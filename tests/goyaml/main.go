// Reads YAML documents as kubectl does, to compare netpol-lint's reading with. Standard input holds
// documents, each behind its length (four bytes, the lowest first); for each of them, one line of
// standard output has its value as JSON, or nothing where it is rejected.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// The document's value. kubectl does not look at what follows a document that ends early, such as
// `a: 1` below an indented first line; here that is an error.
func read(document []byte) ([]byte, error) {
	decoder := goyaml.NewDecoder(bytes.NewReader(document))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if err := decoder.Decode(&value); err != io.EOF {
		return nil, fmt.Errorf("the document ends early: %v", err)
	}
	return yaml.YAMLToJSON(document)
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		var length uint32
		if err := binary.Read(in, binary.LittleEndian, &length); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		document := make([]byte, length)
		if _, err := io.ReadFull(in, document); err != nil {
			panic(err)
		}
		json, _ := read(document) // nothing where it is rejected
		fmt.Fprintln(out, string(json))
	}
}
