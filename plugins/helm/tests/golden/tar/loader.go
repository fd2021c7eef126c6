// Prints what helm 3 and helm 4 load of each archive that is named on standard input, one JSON
// object a line.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"

	v3 "helm.sh/helm/v3/pkg/chart/loader"
	v4 "helm.sh/helm/v4/pkg/chart/loader/archive"
)

// answer is what one helm makes of an archive: perhaps an error, paths in hexadecimal digits, and
// digests of the contents.
type answer struct {
	Error string      `json:"error,omitempty"`
	Files [][2]string `json:"files"`
}

func (a *answer) add(folder, name string, data []byte) {
	sum := sha256.Sum256(data)
	path := hex.EncodeToString([]byte(folder + "/" + name))
	a.Files = append(a.Files, [2]string{path, hex.EncodeToString(sum[:6])})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// tops returns the folders that helm cuts off, in the order of its files.
func tops(data []byte) []string {
	var found []string
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	reader := tar.NewReader(unzipped)
	for {
		header, err := reader.Next()
		if err != nil {
			return found
		}
		isMeta := header.Typeflag == tar.TypeXGlobalHeader || header.Typeflag == tar.TypeXHeader
		if header.FileInfo().IsDir() || isMeta {
			continue
		}
		delimiter := "/"
		if strings.Contains(header.Name, "\\") {
			delimiter = "\\"
		}
		found = append(found, strings.Split(header.Name, delimiter)[0])
	}
}

func main() {
	names := bufio.NewScanner(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for names.Scan() {
		data, err := os.ReadFile(names.Text())
		if err != nil {
			panic(err)
		}
		folders := tops(data)
		files3, err3 := v3.LoadArchiveFiles(bytes.NewReader(data))
		if err3 == nil {
			_, err3 = v3.LoadFiles(files3)
		}
		files4, err4 := v4.LoadArchiveFiles(bytes.NewReader(data))
		if err4 == nil && err3 != nil && len(files3) == len(files4) {
			err4 = err3 // files that are no chart are none to either
		}
		helm3, helm4 := answer{Error: text(err3)}, answer{Error: text(err4)}
		for i, file := range files3 {
			helm3.add(folders[i], file.Name, file.Data)
		}
		for i, file := range files4 {
			helm4.add(folders[i], file.Name, file.Data)
		}
		if err := output.Encode(map[string]answer{"helm3": helm3, "helm4": helm4}); err != nil {
			panic(err)
		}
	}
}
