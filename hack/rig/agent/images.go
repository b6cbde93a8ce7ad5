package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync"
	"time"
)

// images says which program an image is: the agent's whole registry.
type images struct {
	file     string
	mutex    sync.Mutex
	modified time.Time
	programs map[string][]string
}

func newImages(file string) *images {
	i := &images{file: file}
	i.refresh()
	return i
}

// refresh reads the file if it has changed, and says whether it has. What it cannot read changes nothing.
func (i *images) refresh() bool {
	if i.file == "" {
		return false
	}
	info, err := os.Stat(i.file)
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if err != nil || info.ModTime().Equal(i.modified) {
		return false
	}
	i.modified = info.ModTime()
	programs, err := readImages(i.file)
	if err != nil {
		log.Printf("images: %s: %v", i.file, err)
		return false
	}
	i.programs = programs
	log.Printf("images: %d known", len(programs))
	return true
}

func readImages(file string) (map[string][]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found map[string]any
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	if len(found) > maxImages {
		return nil, fmt.Errorf("more than %d images", maxImages)
	}
	programs := map[string][]string{}
	for image, value := range found {
		switch words := value.(type) {
		case string:
			programs[image] = []string{words}
		case []any:
			for _, word := range words {
				text, ok := word.(string)
				if !ok {
					return nil, fmt.Errorf("%s: not a list of strings", image)
				}
				programs[image] = append(programs[image], text)
			}
		default:
			return nil, fmt.Errorf("%s: neither a program nor a list of its words", image)
		}
		if len(programs[image]) == 0 || programs[image][0] == "" {
			return nil, fmt.Errorf("%s: no program", image)
		}
	}
	return programs, nil
}

// entrypoint returns the program and first arguments of an image: by its whole name, else by its name without a tag.
func (i *images) entrypoint(image string) ([]string, error) {
	i.mutex.Lock()
	words, known := i.programs[image]
	if !known {
		words, known = i.programs[withoutTag(image)]
	}
	i.mutex.Unlock()
	if !known {
		return nil, fmt.Errorf("no program is known for image %q (hack/cluster images)", image)
	}
	if _, err := os.Stat(words[0]); err != nil {
		return nil, fmt.Errorf("the program of image %q: %w", image, err)
	}
	return words, nil
}

// withoutTag cuts ":TAG" or "@DIGEST" off; a colon before the last slash is a registry's port.
func withoutTag(image string) string {
	for at := len(image) - 1; at >= 0; at-- {
		switch image[at] {
		case '@':
			return image[:at]
		case ':':
			for digest := at; digest >= 0 && image[digest] != '/'; digest-- {
				if image[digest] == '@' {
					return image[:digest]
				}
			}
			return image[:at]
		case '/':
			return image
		}
	}
	return image
}
