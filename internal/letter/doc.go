// Package letter turns the templates of e-mails into letters. It owns the kinds
// of e-mail and the variables each has, what a template may hold, how values
// stand in a subject, a text and HTML, the predefined templates in every
// language, and the frame in which the HTML of every letter stands. It does not
// store or send anything, and does not know who gets a letter, or when.
//
// # What is sent is what was previewed
//
// An administrator writes only the inside of the HTML. It is kept as written,
// and Parse makes of it what goes out: what may not stand in an e-mail is taken
// out (scripts, style sheets, forms, pictures, attributes and addresses that are
// not on the list in html.go), tags are closed, elements get the inline style
// that mail programs need, and Render puts it into the frame. Parse runs before a
// preview as it does before a delivery, and there is no other way to a Letter, so
// both show the same; and a list that becomes stricter holds for templates saved
// before. Values are put in after that, into places that Parse has found, so that
// no value is ever read as HTML.
package letter
