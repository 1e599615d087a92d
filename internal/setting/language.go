package setting

// Language is the tag of a language that the pages speak (BCP 47).
type Language string

// English is the language in which every text exists.
const English Language = "en"

// Languages returns the languages to choose from. Where a text is missing in
// one of them, it stands in English.
func Languages() []Language { return []Language{English, "de", "fr", "es", "cs", "ja"} }
