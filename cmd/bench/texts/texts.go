package texts

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/reembed/reembed/backends"
)

// size is the least bytes of a text.
const size = 290

var words = strings.Fields(`
account address agent answer archive article balance battery bearing border branch bridge bucket budget cable
calendar camera capital carbon carrier casting channel chapter charge circuit claim clause client climate cluster
column comment compass contract copper corner council credit crystal current cycle damage debate decade deck
delivery demand deposit design detail device diagram district document dossier draft drawing driver editor effect
element engine entry equation error estate evidence export fabric factor failure farm feature fiber figure filter
finance flight forest formula fragment frame freight function garden gauge glacier grammar gravity harbor harvest
header history horizon impulse index industry insight island journal junction kernel kettle keyboard label lantern
lattice ledger letter library license magnet margin market matrix measure memory mentor message meter mineral
mirror module moment morning motion mountain network notice number object ocean office offset optics orchard
outcome oxygen packet palace panel parcel partner passage pattern payment pencil permit phase picture pipeline
planet plaster pocket portal powder premium pressure printer process product profile protocol quarry quota radar
railway random reactor reason record region release remedy report request reserve result river rocket routine
sample satellite scale schedule science season segment sensor sequence session shadow shelter signal silver sketch
socket solution source spectrum spiral stadium station storage stream summary surface symbol system table target
tariff teacher tension texture theory thread timber tissue tower traffic transfer treaty tunnel turbine update
vacuum valley vector vehicle venture vessel village volume voyage warrant weather window winter witness yield`)

var joints = strings.Fields("of the and for with from under beside against after before between through about without")

// ID of the n-th item, from 0. The order of the ids is that of the numbers.
func ID(n int) string { return fmt.Sprintf("doc-%08d", n) }

// Item is the n-th item, always the same one. Its text has the number in it.
func Item(n int) backends.Item {
	dice := rand.New(rand.NewPCG(uint64(n), 0x5eed)) //nolint:gosec // texts, not secrets
	var b strings.Builder
	b.Grow(size + 40)
	fmt.Fprintf(&b, "Report %d tells", n)
	for b.Len() < size {
		b.WriteByte(' ')
		b.WriteString(joints[dice.IntN(len(joints))])
		b.WriteByte(' ')
		b.WriteString(words[dice.IntN(len(words))])
		b.WriteByte(' ')
		b.WriteString(words[dice.IntN(len(words))])
	}
	b.WriteByte('.')
	return backends.Item{ID: ID(n), Text: b.String()}
}
