// Visits counts its visitors in an SQLite database, and answers each with the platform that it was built
// for and the count.
//
// It listens on $ADDR, or on :8080, and keeps its database in the file $DB, or in memory.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"

	_ "github.com/mattn/go-sqlite3" // the library in C
)

func main() {
	db, err := sql.Open("sqlite3", or(os.Getenv("DB"), ":memory:"))
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS visits (address TEXT NOT NULL)"); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		n, err := visit(db, r.RemoteAddr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s/%s: visit %d\n", runtime.GOOS, runtime.GOARCH, n)
	})
	log.Fatal(http.ListenAndServe(or(os.Getenv("ADDR"), ":8080"), nil))
}

// visit notes a visitor and returns how many there have been.
func visit(db *sql.DB, address string) (n int, err error) {
	if _, err := db.Exec("INSERT INTO visits VALUES (?)", address); err != nil {
		return 0, err
	}
	err = db.QueryRow("SELECT count(*) FROM visits").Scan(&n)
	return n, err
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
