// Command example logs to Vakt: VAKT_URL=http://127.0.0.1:8080 VAKT_KEY=... go run ./example
package main

import (
	"fmt"
	"log/slog"
	"os"

	"example.com/vakt"
)

func main() {
	handler := vakt.NewHandler(os.Getenv("VAKT_URL"), os.Getenv("VAKT_KEY"), "go-example")
	defer handler.Close()
	log := slog.New(handler)
	log.Info("the example has started")
	log.With("order", 7341).Error("payment refused", "error", fmt.Errorf("no route to the bank"))
}
