// Records what helm makes of each template of table.json, which it reads from standard input and
// writes to standard output:
//
//	go mod tidy && go run . < ../table.json > new.json && mv new.json ../table.json
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

type entry struct {
	Template string  `json:"template"`
	Output   *string `json:"output,omitempty"`
	Error    string  `json:"error,omitempty"`
}

type table struct {
	Values string  `json:"values"`
	Cases  []entry `json:"cases"`
}

func render(text, values string) (string, error) {
	c := &chart.Chart{
		Metadata:  &chart.Metadata{Name: "one", Version: "0.1.0", APIVersion: "v2", AppVersion: "1.2.3"},
		Templates: []*chart.File{{Name: "templates/t", Data: []byte(text)}},
		Files: []*chart.File{
			{Name: "a.txt", Data: []byte("one\ntwo\n")},
			{Name: "conf/b.yaml", Data: []byte("b: 1\n")},
		},
	}
	given := map[string]interface{}{}
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		return "", err
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
	release := chartutil.ReleaseOptions{Name: "rel", Namespace: "ns", Revision: 1, IsInstall: true}
	data, err := chartutil.ToRenderValues(c, given, release, caps)
	if err != nil {
		return "", err
	}
	made, err := engine.Render(c, data)
	return made["one/templates/t"], err
}

func main() {
	var t table
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := range t.Cases {
		one := &t.Cases[i]
		one.Output, one.Error = nil, ""
		if out, err := render(one.Template, t.Values); err != nil {
			one.Error = err.Error()
		} else {
			one.Output = &out
		}
	}
	values, _ := json.Marshal(t.Values)
	fmt.Printf("{\"values\": %s,\n\"cases\": [\n", values)
	for i, one := range t.Cases {
		line, _ := json.Marshal(one)
		end := ","
		if i == len(t.Cases)-1 {
			end = ""
		}
		fmt.Printf("%s%s\n", line, end)
	}
	fmt.Println("]}")
}
