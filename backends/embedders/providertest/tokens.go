package providertest

// Tokens is how many tokens the server finds in a text: a quarter of its UTF-8
// bytes, rounded up, as OpenAI's rule of thumb has it for English
// (help.openai.com, "What are tokens and how to count them?"). No tokenizer is
// imitated.
func Tokens(text string) int { return (len(text) + 3) / 4 }
