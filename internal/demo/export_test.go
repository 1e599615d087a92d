package demo

import "cardinal/internal/mailsink"

// PostOf is a post at a server that the test has made.
func PostOf(sink *mailsink.Sink) *Post { return &Post{sink} }
