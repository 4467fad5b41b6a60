package policy

// Guard is what the applies of a file said.
type Guard struct {
	File    string `json:"file"`
	Applies bool   `json:"applies"`
}
