package omaha

import (
	"errors"
	"fmt"
)

// Code says why an update failed, in the numbers of Flatcar's engine; the server is told it with event 3.0.
type Code int

// The codes that this engine uses.
const (
	Success           Code = 0
	Failure           Code = 1
	PostinstallFailed Code = 5
	SlotOpenFailed    Code = 7
	TransferFailed    Code = 9
	HashMismatch      Code = 10
	SizeMismatch      Code = 11
	SignatureMismatch Code = 12
	SlotTooSmall      Code = 13
	SlotWriteFailed   Code = 14
	SlotVerifyFailed  Code = 15
	BadMagic          Code = 21
	BadManifest       Code = 23
	EmptyResponse     Code = 30
	NoXML             Code = 31
	ResponseInvalid   Code = 34
	RolledBack        Code = 44
	HTTPStatus        Code = 2000 // plus the status; 2000 itself: no answer at all
	ResumedFlag       Code = 1 << 30
	OtherServerFlag   Code = 1 << 28 // the server is not Flatcar's
)

// Error is a failure with its code.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%v (error %d)", e.Err, e.Code) }
func (e *Error) Unwrap() error { return e.Err }

// Failed makes an Error, as fmt.Errorf makes errors.
func Failed(code Code, format string, values ...any) error {
	return &Error{code, fmt.Errorf(format, values...)}
}

// CodeOf is the code of the first Error in the chain.
func CodeOf(err error) Code {
	var failure *Error
	switch {
	case err == nil:
		return Success
	case errors.As(err, &failure):
		return failure.Code
	default:
		return Failure
	}
}
