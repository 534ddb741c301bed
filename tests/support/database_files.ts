/**
 * Files with everything that their formats have.
 *
 * @module
 */

/** A KCD of two buses. */
export const kcdText = `<?xml version="1.0" encoding="UTF-8"?>
<!-- <Bus name="commented out"/> -->
<NetworkDefinition xmlns="http://kayak.2codeornot2code.org/1.0">
  <Document name="Car" version="1.2">
    Tom &amp; Jerry&#39;s car, 20&#xB0; <![CDATA[<east>]]>
  </Document>
  <Node id="1" name="Engine ACME"><Var name="Temperature"/></Node>
  <Node id="2" name="Brake"/>
  <Bus name="Motor" baudrate="125000">
    <Message id="0x0B2" name="ABS" length="8" interval="100">
      <Notes>Anti-lock brakes</Notes>
      <Producer><NodeRef id="2"/><NodeRef id="1"/></Producer>
      <Multiplex name="Mode" offset="0" length="2">
        <LabelSet><LabelGroup name="running" from="1" to="3"/><Label name="idle" value="0"/><Label name="error" value="3"/></LabelSet>
        <MuxGroup count="0"><Signal name="Both" offset="8" length="8"/><Signal name="First" offset="16" length="8"/></MuxGroup>
        <MuxGroup count="1"><Signal name="Both" offset="8" length="8"/><Signal name="Second" offset="16" length="4"/></MuxGroup>
      </Multiplex>
      <Signal name="Temperature" offset="24" length="12">
        <Notes>Outside</Notes>
        <Consumer><NodeRef id="1"/></Consumer>
        <Value type="signed" slope="0.05" intercept="-40" unit="°C" min="-40" max="100"/>
        <LabelSet><Label name="init" value="0"/><Label type="error" name="error" value="-1"/></LabelSet>
      </Signal>
      <Signal name="Flag" offset="36"/>
    </Message>
    <Message id="3566" name="Floats" format="extended">
      <Signal name="Single" offset="0" length="32"><Value type="single"/></Signal>
      <Signal name="Double" offset="32" length="64" endianess="big"><Value type="double"/></Signal>
    </Message>
    <Message id="0x10" name="Empty"/>
    <Message id="0x12" name="Cascade">
      <Multiplex name="Outer" offset="0" length="8">
        <MuxGroup count="1"><Signal name="Inner" offset="8" length="8"/></MuxGroup>
      </Multiplex>
      <Multiplex name="Inner" offset="8" length="8">
        <MuxGroup count="2"><Signal name="Deep" offset="16" length="8"/></MuxGroup>
      </Multiplex>
    </Message>
  </Bus>
  <Bus name="Comfort"><Message id="0x11" name="Big"><Signal name="A" offset="2" length="12" endianess="big"/></Message></Bus>
</NetworkDefinition>
`;

/** A SYM of version 6.0. */
export const symText = `// of the pump
FormatVersion=6.0 // Do not edit this line!
Title="Pump"
FloatDecimalPlaces=1
BRS=True

{ENUMS}
// a comment
Enum=OnOff(0="off", // of off
  1="on, at last",
  0Fh="error") // of the enum
Enum=Nothing()

{SIGNALS}
Sig=Speed signed 12 -m /u:rpm /f:0.5 /o:-10 /min:-100 /max:1E3 /d:1 /p:2 /ln:"long name" /spn:190 // of the speed
Sig="Oil, °C" float /u:"deg C"
Sig=Double double -h -b
Sig=Bit bit
Sig=Char char /u:/
Sig=State OnOff 4 /d:error
Sig=Other unsigned 8 /e:OnOff
Sig=Name string 64 /d:rDefault

{SEND}

[Command]
ID=100h // of the command
Len=4
CycleTime=20
Timeout=100
MinInterval=5
Color=FF00FFh
Sig=Speed 2
Var=Switch OnOff 16,4 /min:0 /max:1
Var="Level" unsigned 24,8 -h -m /u:% // of the level

{RECEIVE}

[Answer]
ID=00000022h-00000023h
Sig=Double 0

["Wide one"]
ID=1F0h
Type=FDExtended
Len=64
Sig="Oil, °C" 256
Sig=State 288

{SENDRECEIVE}

[Modes]
ID=700h
Len=8
Mux=First 0,8 1 -m // of the modes
Sig=Bit 8
Sig=Other 16

[Modes]
Len=8
Mux=Second 0,8 1Fh -m
Sig=Char 8
Sig=Other 16
`;
